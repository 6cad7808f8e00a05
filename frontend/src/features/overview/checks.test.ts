import { describe, expect, test } from "vitest";
import { channelNames, healthLines, stepsDone, subscriptionCounts } from "./checks";

const check = (what: string, state: string, text = "", channel_id: string | null = null) => ({
  what,
  state,
  text,
  channel_id,
  missing: [] as string[],
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
      check("destination", "problem", "ana cannot be announced: missing_permission.", "1"),
      check("destination", "problem", "bruno cannot be announced: missing_permission.", "1"),
      check("destination", "problem", "ana cannot be announced: channel_deleted.", "2"),
    ]);
    expect(lines).toEqual([
      { kind: "broken", channelId: "1", reason: "missing_permission", logins: ["ana", "bruno"] },
      { kind: "broken", channelId: "2", reason: "channel_deleted", logins: ["ana"] },
      { kind: "check", check: check("bot", "ok") },
    ]);
  });

  test("a sentence that reads otherwise is kept as it is", () => {
    const odd = check("destination", "problem", "Something is odd.");
    expect(healthLines([odd])).toEqual([{ kind: "check", check: odd }]);
  });

  test("steps to do are the checklist's", () => {
    expect(healthLines([check("test", "todo"), check("channel", "todo")])).toEqual([]);
  });
});

test("channels' names come from the sentences", () => {
  const names = channelNames([
    check("channel", "ok", "Announcements go to #live now.", "1"),
    check("channel", "problem", "The bot cannot post in #news: it lacks SEND_MESSAGES.", "2"),
    check("channel", "problem", "In #clips the bot lacks EMBED_LINKS: only text is posted.", "3"),
    check("bot", "ok", "The bot is in this server."),
  ]);
  expect([...names]).toEqual([
    ["1", "#live now"],
    ["2", "#news"],
    ["3", "#clips"],
  ]);
});

test("subscriptions are counted", () => {
  const text = "3 of 8 Twitch subscriptions are enabled. 2 failed and are retried.";
  expect(subscriptionCounts(check("subscriptions", "problem", text))).toEqual({
    enabled: "3",
    total: "8",
    failed: 2,
    known: true,
  });
  expect(subscriptionCounts(check("subscriptions", "ok", "All well.")).known).toBe(false);
});
