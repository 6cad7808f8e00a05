import { describe, expect, it } from "vitest";
import { findProblems } from "./parse";
import { readMessage, sourcesOf } from "./message";
import { renderMessage } from "./render-message";
import { contentOf } from "./render";
import { SAMPLE_KINDS, sampleValues, type SampleKind, type SampleSetting } from "./samples";

const now = new Date("2026-05-04T20:14:30.500Z");
const shown = (kind: SampleKind, setting: Partial<SampleSetting> = {}) => {
  const { values } = sampleValues(kind, { now, ...setting });
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, contentOf(value)]),
  );
};

describe("sampleValues", () => {
  it("is a stream of a minute when live", () => {
    expect(shown("live")).toMatchObject({
      streamer: "Sample_Streamer",
      viewers: "1234",
      started: "<t:1777925610:R>",
      uptime: "1 min",
      preview_url:
        "https://static-cdn.jtvnw.net/previews-ttv/live_user_sample_streamer-1280x720.jpg?t=1777925610",
    });
    expect(shown("live").ended).toBeUndefined();
    expect(shown("live").vod_url).toBeUndefined();
  });

  it("has end, duration and recording when ended", () => {
    expect(shown("ended")).toMatchObject({
      ended: "<t:1777925670:R>",
      duration: "3 h 05 min",
      vod_url: "https://www.twitch.tv/videos/1",
    });
    expect(shown("ended").preview_url).toBeUndefined();
  });

  it("has a title of 140 characters to try", () => {
    expect(shown("longTitle").title).toHaveLength(140);
    expect(shown("noTitle").title).toBe("");
  });

  it("takes streamer, server, channel and mention from the setting", () => {
    const streamer = {
      id: "7",
      login: "ana",
      displayName: "Ana",
      avatarUrl: "https://x.example/a",
    };
    const mention = { kind: "role", role_id: "5" } as const;
    expect(shown("live", { streamer, server: "S", channelId: "9", mention })).toMatchObject({
      streamer: "Ana",
      url: "https://www.twitch.tv/ana",
      avatar_url: "https://x.example/a",
      server: "S",
      channel: "<#9>",
      mention: "<@&5>",
      role: "<@&5>",
    });
  });

  it.each([
    ["everyone", { mention: "@everyone", everyone: "@everyone" }],
    ["here", { mention: "@here", here: "@here" }],
  ] as const)("mentions %s", (kind, expected) => {
    expect(shown("live", { mention: { kind } })).toMatchObject(expected);
  });

  it.each(["none", "members"] as const)("mentions nobody for %s", (kind) => {
    expect(shown("live", { mention: { kind } }).mention).toBeUndefined();
  });

  it.each(SAMPLE_KINDS)("%s shows a common template", (kind) => {
    const message = readMessage({
      content: "{mention} **{streamer}** {#if ended}was{:else}is{/if} live: {url}",
      embed: { title: '{title|default:"Live on Twitch"}', image_url: "{preview_url}" },
    });
    expect(sourcesOf(message).flatMap(({ source }) => findProblems(source))).toEqual([]);
    const { content, embeds } = renderMessage(message, sampleValues(kind, { now }));
    expect(content).toContain(" live: https://www.twitch.tv/sample_streamer");
    expect(embeds[0]?.title).not.toBe("");
  });
});
