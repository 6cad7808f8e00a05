import type { MessageTemplate } from "~/template-language";
import { emptyEmbed } from "~/template-language";

/** What a new template can begin as, besides our own announcement. */
export const PRESETS = ["compact", "friendly", "card"] as const;

export type Preset = (typeof PRESETS)[number];

const TWITCH_PURPLE = 0x9146ff;
const ACTION = "{#if ended}was live{#if duration} for {duration}{/if}{:else}is live{/if}";

/** Messages that show what the language can do; each works as it is. */
export const presets: Record<Preset, MessageTemplate> = {
  compact: {
    content: `{mention} **{streamer}** ${ACTION}: {title|truncate:120} {url}`,
    embed: null,
  },
  friendly: {
    content:
      `{mention} Hey everyone, **{streamer}** ${ACTION}` +
      "{#if game} with *{game}*{/if}{#unless ended}, come say hi!{/unless}\n{url}",
    embed: {
      ...emptyEmbed(),
      title: '{title|default:"Live on Twitch"}',
      url: "{url}",
      color: TWITCH_PURPLE,
      image_url: "{preview_url}",
    },
  },
  card: {
    content: "{mention}",
    embed: {
      ...emptyEmbed(),
      title: `{streamer} ${ACTION}`,
      url: "{url}",
      description: "{title}",
      color: TWITCH_PURPLE,
      thumbnail_url: "{avatar_url}",
      fields: [
        { name: "Game", value: "{game}", inline: true },
        { name: "Viewers", value: "{#unless ended}{viewers}{/unless}", inline: true },
        { name: "Recording", value: "{#if vod_url}[Watch it]({vod_url}){/if}", inline: true },
      ],
      footer: { text: "{platform}" },
      timestamp: true,
    },
  },
};
