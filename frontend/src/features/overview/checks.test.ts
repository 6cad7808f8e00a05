import { describe, expect, test } from "vitest";
import { channelNames, healthLines, stepsDone } from "./checks";

const check = (what: string, state: string, text = "", channel_id: string | null = null) => ({
  what,
  state,
  text,
  channel_id,
  missing: [] as string[],
  zones: [] as string[],
});

const broken = (login: string, reason: string, channel_id: string) => ({
  ...check("destination", "problem", "In the API's words.", channel_id),
  streamer_id: `id of ${login}`,
  login,
  reason,
});

describe("the steps of setting up", () => {
  test("a new server has everything to do but the bot", () => {
    const checks = [
      check("bot", "ok"),
      check("channel", "todo"),
      check("streamers", "todo"),
      check("test", "todo"),
    ];
    expect(stepsDone(checks)).toEqual({ bot: true, channel: false, streamers: false, test: false });
  });

  test("a channel with a problem is chosen all the same", () => {
    expect(stepsDone([check("bot", "ok"), check("channel", "problem")]).channel).toBe(true);
  });

  test("what Discord does not tell is not asked of anybody", () => {
    const done = stepsDone([check("bot", "unknown"), check("streamers", "ok")]);
    expect(Object.values(done)).toEqual([true, true, true, true]);
  });
});

describe("health", () => {
  test("streamers broken for one reason in one channel are one line", () => {
    const lines = healthLines([
      check("bot", "ok"),
      broken("ana", "missing_permission", "1"),
      broken("bruno", "missing_permission", "1"),
      broken("ana", "channel_deleted", "2"),
    ]);
    expect(lines).toEqual([
      {
        kind: "broken",
        channelId: "1",
        reason: "missing_permission",
        streamers: [
          { id: "id of ana", login: "ana" },
          { id: "id of bruno", login: "bruno" },
        ],
      },
      {
        kind: "broken",
        channelId: "2",
        reason: "channel_deleted",
        streamers: [{ id: "id of ana", login: "ana" }],
      },
      { kind: "check", check: check("bot", "ok") },
    ]);
  });

  test("a destination without a reason keeps the API's words", () => {
    const odd = check("destination", "problem", "Something is odd.");
    expect(healthLines([odd])).toEqual([{ kind: "check", check: odd }]);
  });

  test("steps to do are the checklist's", () => {
    expect(healthLines([check("test", "todo"), check("channel", "todo")])).toEqual([]);
  });
});

test("channels have the names that the checks know", () => {
  const names = channelNames([
    { ...check("channel", "ok", "", "1"), channel_name: "live now" },
    { ...check("destination", "problem", "", "2"), channel_name: null },
    check("bot", "ok"),
  ]);
  expect([...names]).toEqual([["1", "#live now"]]);
});
