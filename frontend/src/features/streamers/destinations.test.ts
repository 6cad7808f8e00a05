import { describe, expect, it } from "vitest";
import type { Schema } from "~/api/client";
import { documentOf, narrowings, NEW_DESTINATION, takeOver } from "./destinations";
import { matches } from "./filter";

const streamer: Schema["StreamerItem"] = {
  id: "7",
  login: "chiyo",
  display_name: "千代",
  exists: true,
  linked: false,
  enabled: true,
  source: "admin",
  live: false,
  destinations: 1,
  degraded: 0,
  subscription: "enabled",
  added_at: "2026-01-01T00:00:00Z",
};

describe("takeOver", () => {
  it("keeps the id of a channel that both have, and no other's", () => {
    const own = [
      { ...NEW_DESTINATION, id: "own-default" },
      { ...NEW_DESTINATION, id: "own-2", channel_id: "2" },
    ];
    const others = [
      { ...NEW_DESTINATION, id: "other-2", channel_id: "2", cooldown_seconds: 60 },
      { ...NEW_DESTINATION, id: "other-3", channel_id: "3" },
    ];
    expect(takeOver(own, others)).toEqual([
      { ...others[0], id: "own-2" },
      { ...others[1], id: undefined },
    ]);
  });
});

it("health is no part of what is edited", () => {
  const settings = { ...NEW_DESTINATION, id: "a" };
  const destinations = [{ settings, degraded_reason: "missing_access" }];
  expect(documentOf({ etag: '"1"', value: { streamer, destinations } })).toEqual({
    etag: '"1"',
    value: { enabled: true, destinations: [settings] },
  });
});

it("filters and pauses are counted", () => {
  expect(narrowings(NEW_DESTINATION)).toBe(0);
  const narrow = { ...NEW_DESTINATION, title_filter: "any%", cooldown_seconds: 60 };
  expect(narrowings(narrow)).toBe(2);
});

describe("the list's filter", () => {
  it("finds by login and by name, whatever the case", () => {
    expect(matches(streamer, " CHI ", "all")).toBe(true);
    expect(matches(streamer, "千", "all")).toBe(true);
    expect(matches(streamer, "ana", "all")).toBe(false);
  });

  it("knows who is live, off or in trouble", () => {
    expect(matches({ ...streamer, live: true }, "", "live")).toBe(true);
    expect(matches({ ...streamer, enabled: false }, "", "off")).toBe(true);
    expect(matches(streamer, "", "trouble")).toBe(false);
    for (const trouble of [{ exists: false }, { subscription: "failed" }, { degraded: 1 }]) {
      expect(matches({ ...streamer, ...trouble }, "", "trouble")).toBe(true);
    }
  });
});
