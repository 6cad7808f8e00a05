import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { isComplete, isOvernight, isQuiet, isZone, ownZone, timeIn, zones } from "./quiet";
import renamed from "./zones.json";

describe("quiet hours", () => {
  const night = { from: "22:30", until: "07:00" };
  const noon = { from: "12:00", until: "14:00" };

  it("go over midnight when the end is the earlier", () => {
    expect(isOvernight(night)).toBe(true);
    expect(isOvernight(noon)).toBe(false);
  });

  it.each([
    [night, "22:29", false],
    [night, "22:30", true],
    [night, "00:00", true],
    [night, "06:59", true],
    [night, "07:00", false],
    [noon, "11:59", false],
    [noon, "12:00", true],
    [noon, "14:00", false],
  ])("%o at %s: %s", (hours, time, quiet) => {
    expect(isQuiet(hours, time)).toBe(quiet);
  });

  it("need two different times of day", () => {
    expect(isComplete(night)).toBe(true);
    expect(isComplete({ from: "", until: "07:00" })).toBe(false);
    expect(isComplete({ from: "24:00", until: "07:00" })).toBe(false);
    expect(isComplete({ from: "07:00", until: "07:00" })).toBe(false);
  });
});

describe("time zones", () => {
  afterEach(() => vi.restoreAllMocks());

  it("tell the time of day", () => {
    const at = new Date("2026-01-15T23:30:00Z");
    expect(timeIn("UTC", at)).toBe("23:30");
    expect(timeIn("Europe/Berlin", at)).toBe("00:30");
    expect(timeIn("Nowhere/Land", at)).toBeNull();
  });

  it("are those of the services", () => {
    const file = readFileSync("../crates/services/src/zones.json", "utf8");
    expect(renamed).toEqual(JSON.parse(file));
  });

  it("have today's names, whatever the browser calls them", () => {
    vi.spyOn(Intl, "supportedValuesOf").mockReturnValue([
      "Asia/Calcutta",
      "Europe/Kiev",
      "Asia/Tokyo",
    ]);
    const own = { ...Intl.DateTimeFormat().resolvedOptions(), timeZone: "America/Buenos_Aires" };
    vi.spyOn(Intl.DateTimeFormat.prototype, "resolvedOptions").mockReturnValue(own);
    const argentina = "America/Argentina/Buenos_Aires";
    expect(ownZone()).toBe(argentina);
    expect(zones("Asia/Kolkata")).toEqual([
      argentina,
      "Asia/Kolkata",
      "Asia/Tokyo",
      "Europe/Kyiv",
      "UTC",
    ]);
  });

  it("are told by a browser that knows the old name only", () => {
    const format = Intl.DateTimeFormat;
    vi.spyOn(Intl, "DateTimeFormat").mockImplementation(function (locale, options) {
      if (options?.timeZone === "Europe/Kyiv") throw new RangeError("Invalid time zone");
      return new format(locale, options);
    });
    expect(timeIn("Europe/Kyiv", new Date("2026-01-15T12:00:00Z"))).toBe("14:00");
    expect(isZone("Europe/Kyiv")).toBe(true);
  });

  it("always offer the chosen one and UTC", () => {
    expect(zones("Old/Zone")).toContain("Old/Zone");
    expect(zones("UTC").filter((zone) => zone === "UTC")).toHaveLength(1);
  });
});

it.each([
  ["Europe/Berlin", true],
  ["UTC", true],
  ["UTC+2", false],
  ["+02:00", false],
  ["<+03>-3", false],
  ["posix/Europe/Berlin", false],
])("whether %s is a zone: %s", (zone, expected) => {
  expect(isZone(zone)).toBe(expected);
});
