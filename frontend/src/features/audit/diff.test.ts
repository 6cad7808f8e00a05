import { describe, expect, test } from "vitest";
import { deniedOf } from "./action";
import { changesOf } from "./diff";

describe("what has changed", () => {
  test("only fields that differ", () => {
    const before = { enabled: true, timezone: "UTC", quiet_hours: null };
    const after = { enabled: true, timezone: "Europe/Berlin", quiet_hours: "22:30 – 07:00" };
    expect(changesOf(before, after)).toEqual([
      { path: ["timezone"], before: "UTC", after: "Europe/Berlin" },
      { path: ["quiet_hours"], before: null, after: "22:30 – 07:00" },
    ]);
  });

  test("destinations are known by their channels, not by their places", () => {
    const one = { channel_id: "1", enabled: true };
    const two = { channel_id: "2", enabled: true };
    expect(changesOf([one, two], [{ ...two, enabled: false }, one])).toEqual([
      { path: ["channel 2", "enabled"], before: true, after: false },
    ]);
  });

  test("a streamer's pause stands beside their destinations", () => {
    const destinations = [{ channel_id: "1", cooldown_seconds: 0 }];
    const later = [{ channel_id: "1", cooldown_seconds: 60 }];
    expect(
      changesOf(
        { login: "ana", enabled: true, destinations },
        { login: "ana", enabled: false, destinations: later },
      ),
    ).toEqual([
      { path: ["enabled"], before: true, after: false },
      { path: ["channel 1", "cooldown_seconds"], before: 0, after: 60 },
    ]);
  });

  test("lists of words are one value", () => {
    expect(changesOf({ types: ["live"] }, { types: ["live", "rerun"] })).toEqual([
      { path: ["types"], before: "live", after: "live, rerun" },
    ]);
  });

  test("what is new has no before, and nothing is not worth a line", () => {
    expect(
      changesOf(null, { embed: { title: "{title}", url: "", timestamp: false, fields: [] } }),
    ).toEqual([{ path: ["embed", "title"], before: undefined, after: "{title}" }]);
  });

  test("garbage is no change", () => {
    expect(changesOf(undefined, undefined)).toEqual([]);
  });
});

describe("denials", () => {
  test("tell reading from changing, and what of", () => {
    expect(deniedOf("PUT /api/guilds/{guild_id}/config")).toEqual({ change: true, area: "config" });
    expect(deniedOf("GET /api/guilds/{guild_id}/nothing")).toEqual({ change: false, area: null });
    expect(deniedOf("bot.install")).toBeNull();
  });
});
