import { describe, expect, test } from "vitest";
import type { BotChannel } from "./queries";
import { settingsBodyOf, settingsFormOf } from "./settings";
import { standingOf } from "./StateBadge";

const VIEW: Parameters<typeof settingsFormOf>[0] = {
  prefix: "!",
  discord_url: null,
  ignored: ["nightbot"],
  drop_repeats: true,
  builtins: [
    {
      name: "so",
      about: "",
      enabled: true,
      level: "moderator",
      default_level: "moderator",
      cooldown: 5,
      user_cooldown: 0,
    },
    {
      name: "quote",
      about: "",
      enabled: false,
      level: "vip",
      default_level: "everyone",
      cooldown: 5,
      user_cooldown: 0,
    },
  ],
  filters: {},
  filters_obstacle: null,
  events: [{ kind: "raid", enabled: true, text: "Hi", at_least: 5, granted: true }],
  secrets: ["key"],
  revision: 3,
};

describe("settings", () => {
  test("go back as they came, all of them", () => {
    const body = settingsBodyOf(settingsFormOf(VIEW));
    expect(body).toEqual({
      prefix: "!",
      discord_url: null,
      ignored: ["nightbot"],
      drop_repeats: true,
      builtins: {
        // A level that is the built-in's own stays its own, whatever that becomes.
        so: { enabled: true, level: null, cooldown: 5, user_cooldown: 0 },
        quote: { enabled: false, level: "vip", cooldown: 5, user_cooldown: 0 },
      },
      filters: {},
      events: { raid: { enabled: true, text: "Hi", at_least: 5 } },
    });
  });

  test("have no invite where there are only blanks", () => {
    const form = { ...settingsFormOf(VIEW), discord_url: "  " };
    expect(settingsBodyOf(form).discord_url).toBeNull();
  });
});

describe("how the bot is in a channel", () => {
  const CHANNEL: BotChannel = {
    channel_id: "1",
    login: "ana",
    display_name: "Ana",
    state: "on",
    bot_login: "maxbot",
    own_account: false,
    moderator: false,
    hears: "enabled",
    joined_at: "2026-11-30T18:00:00Z",
  };

  test.each([
    [{}, "on"],
    [{ hears: "pending" }, "coming"],
    [{ hears: null }, "coming"],
    [{ hears: "failed" }, "deaf"],
    [{ bot_login: null, hears: null }, "mute"],
    [{ paused_until: "2026-11-30T18:01:00Z" }, "paused"],
    [{ state: "left", hears: "failed" }, "left"],
    [{ state: "leaving" }, "leaving"],
  ])("%o is %s", (more, standing) => {
    expect(standingOf({ ...CHANNEL, ...more })).toBe(standing);
  });
});
