import { describe, expect, it } from "vitest";
import type { TimestampStyle } from "./ast";
import { daysAgo, formatTime } from "./time";

const now = new Date("2026-05-04T20:14:30Z");
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const show = (date: Date, style: TimestampStyle, locale = "en") =>
  formatTime(date, style, { locale, now, timeZone: "UTC" }).replaceAll("\u202F", " ");

describe("formatTime", () => {
  it.each<[TimestampStyle, string]>([
    ["t", "8:14 PM"],
    ["T", "8:14:30 PM"],
    ["d", "05/04/2026"],
    ["D", "May 4, 2026"],
    ["f", "May 4, 2026 at 8:14 PM"],
    ["F", "Monday, May 4, 2026 at 8:14 PM"],
    ["s", "5/4/26, 8:14 PM"],
    ["S", "5/4/26, 8:14:30 PM"],
  ])("style %s", (style, text) => {
    expect(show(now, style)).toBe(text);
  });

  it("follows the language", () => {
    expect(show(now, "F", "de")).toBe("Montag, 4. Mai 2026 um 20:14");
    expect(show(at(-120), "R", "de")).toBe("vor 2 Minuten");
  });

  it.each([
    [0, "now"],
    [-1, "1 second ago"],
    [-59, "59 seconds ago"],
    [-60, "1 minute ago"],
    [-3599, "59 minutes ago"],
    [-7200, "2 hours ago"],
    [-86_400, "1 day ago"],
    [-30 * 86_400, "1 month ago"],
    [-400 * 86_400, "1 year ago"],
    [90, "in 1 minute"],
  ])("%d seconds from now: %s", (seconds, text) => {
    expect(show(at(seconds), "R")).toBe(text);
  });
});

describe("daysAgo", () => {
  it.each([
    ["2026-05-04T00:00:00Z", "UTC", 0],
    ["2026-05-03T23:59:59Z", "UTC", 1],
    ["2026-05-03T23:59:59Z", "Asia/Tokyo", 1],
    ["2026-05-04T14:59:59Z", "Asia/Tokyo", 1],
    ["2026-05-05T00:00:00Z", "UTC", -1],
    ["2026-04-01T00:00:00Z", "UTC", 33],
  ])("%s in %s: %d", (date, timeZone, days) => {
    expect(daysAgo(new Date(date), { locale: "en", now, timeZone })).toBe(days);
  });
});
