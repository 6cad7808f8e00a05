import type { RenderSample } from "./render-message";
import type { Value, Values } from "./render";

/** The streams that a preview can be shown with. */
export const SAMPLE_KINDS = ["live", "ended", "noTitle", "longTitle", "emoji", "rtl"] as const;

/** The name of a sample stream. */
export type SampleKind = (typeof SAMPLE_KINDS)[number];

/** Whom an announcement mentions, as the API has it. */
type Mention =
  { kind: "none" | "everyone" | "here" | "members" } | { kind: "role"; role_id: string };

/** What a sample takes from the server and its streamers; what is left out is made up. */
export interface SampleSetting {
  now: Date;
  streamer?: { id: string; login: string; displayName: string; avatarUrl?: string | null };
  server?: string;
  channelId?: string | null;
  mention?: Mention;
}

const STREAMER = { id: "70011223", login: "sample_streamer", displayName: "Sample_Streamer" };
const TITLE = "Any% attempts until it works";
const TITLES: Partial<Record<SampleKind, string>> = {
  noTitle: "",
  longTitle: `${TITLE}, then a randomizer race, community levels and whatever chat votes for`
    .padEnd(139, " and more")
    .concat("!"),
  emoji: "🎮 Any% attempts 👩‍💻 until it works 🏳️‍🌈 *really* @everyone",
  rtl: "محاولات Any% حتى تنجح",
};
const MINUTE_MS = 60_000;
const ENDED_AFTER_MIN = 185;

/** Values for a preview; `live` and `ended` are those that the API's preview uses. */
export function sampleValues(kind: SampleKind, setting: SampleSetting): RenderSample {
  const ended = kind === "ended";
  const minutes = ended ? ENDED_AFTER_MIN : 1;
  const startedAt = new Date(setting.now.getTime() - minutes * MINUTE_MS);
  return {
    startedAt,
    values: {
      ...streamerValues(setting),
      ...streamValues(TITLES[kind] ?? TITLE),
      ...timeValues(startedAt, ended ? setting.now : undefined, setting.now),
      ...previewValues(setting, startedAt, ended),
      ...mentionValues(setting.mention ?? { kind: "none" }),
      server: { text: setting.server ?? "Pixel Guild" },
      ...(setting.channelId ? { channel: { markup: `<#${setting.channelId}>` } } : {}),
      platform: { text: "Twitch" },
      session_id: { text: "00000000-0000-0000-0000-000000000000" },
    },
  };
}

function streamerValues({ streamer = STREAMER }: SampleSetting): Values {
  const avatar = "avatarUrl" in streamer ? streamer.avatarUrl : undefined;
  return {
    streamer: { text: streamer.displayName },
    login: { text: streamer.login },
    streamer_id: { text: streamer.id },
    url: { url: `https://www.twitch.tv/${streamer.login}` },
    ...(avatar ? { avatar_url: { url: avatar } } : {}),
  };
}

function streamValues(title: string): Values {
  return {
    title: { text: title },
    game: { text: "Celeste" },
    game_url: { url: "https://www.twitch.tv/directory/category/celeste" },
    language: { text: "en" },
    viewers: { number: 1234 },
  };
}

function timeValues(started: Date, ended: Date | undefined, now: Date): Values {
  const since = (at: Date) => duration(Math.floor((at.getTime() - started.getTime()) / MINUTE_MS));
  return {
    started: timestamp(started, "R"),
    started_time: timestamp(started, "t"),
    started_full: timestamp(started, "F"),
    uptime: since(ended ?? now),
    ...(ended ? { ended: timestamp(ended, "R"), duration: since(ended) } : {}),
  };
}

function previewValues({ streamer = STREAMER }: SampleSetting, at: Date, ended: boolean): Values {
  if (ended) return { vod_url: { url: "https://www.twitch.tv/videos/1" } };
  const picture = `live_user_${streamer.login}-1280x720.jpg?t=${seconds(at)}`;
  return { preview_url: { url: `https://static-cdn.jtvnw.net/previews-ttv/${picture}` } };
}

function mentionValues(mention: Mention): Values {
  switch (mention.kind) {
    case "role": {
      const markup = { markup: `<@&${mention.role_id}>` };
      return { mention: markup, role: markup };
    }
    case "everyone":
      return { mention: { markup: "@everyone" }, everyone: { markup: "@everyone" } };
    case "here":
      return { mention: { markup: "@here" }, here: { markup: "@here" } };
    default:
      return {};
  }
}

function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}

function timestamp(at: Date, style: string): Value {
  return { markup: `<t:${seconds(at)}:${style}>` };
}

/** `3 h 05 min`, or `12 min`. */
function duration(minutes: number): Value {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return { text: hours === 0 ? `${rest} min` : `${hours} h ${String(rest).padStart(2, "0")} min` };
}
