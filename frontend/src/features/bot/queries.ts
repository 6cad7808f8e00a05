import { queryOptions } from "@tanstack/react-query";
import { api, ask, askTagged, type Schema } from "~/api/client";
import { joinLines, type Lines } from "./lines";

/** How often the log looks for news while somebody sees it. */
const LOG_MS = 5000;
/** States that Twitch's answers change: coming, leaving, a pause. */
const STATE_MS = 10_000;
const PAGE = 50;

const at = (channelId: string) => ({ channel_id: channelId });

/** A page of what the bot has said, from before a line or the newest. */
export const askLines = (channelId: string, before?: string, signal?: AbortSignal) =>
  ask(
    api.GET("/api/channels/{channel_id}/bot/lines", {
      params: { path: at(channelId), query: { before, limit: PAGE } },
      signal,
    }),
  );

/** What the pages of the chat bot ask for; all keys of a channel begin alike. */
export const botQueries = {
  channels: queryOptions({
    queryKey: ["bot-channels"],
    queryFn: ({ signal }) => ask(api.GET("/api/users/me/bot", { signal })),
    select: ({ items }) => items,
    refetchInterval: STATE_MS,
  }),

  commands: (channelId: string) =>
    queryOptions({
      queryKey: ["bot", channelId, "commands"],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/channels/{channel_id}/commands", {
            params: { path: at(channelId) },
            signal,
          }),
        ),
      // Chat counts and adds while nobody clicks.
      staleTime: 0,
    }),

  command: (channelId: string, commandId: string) =>
    queryOptions({
      queryKey: ["bot", channelId, "commands", commandId],
      queryFn: ({ signal }) =>
        askTagged(
          api.GET("/api/channels/{channel_id}/commands/{command}", {
            params: { path: { channel_id: channelId, command: commandId } },
            signal,
          }),
        ),
    }),

  settings: (channelId: string) =>
    queryOptions({
      queryKey: ["bot", channelId, "settings"],
      queryFn: ({ signal }) =>
        askTagged(
          api.GET("/api/channels/{channel_id}/commands/settings", {
            params: { path: at(channelId) },
            signal,
          }),
        ),
    }),

  lines: (channelId: string) =>
    queryOptions<Lines>({
      queryKey: ["bot", channelId, "lines"],
      queryFn: async ({ client, queryKey, signal }) => {
        const newest = await askLines(channelId, undefined, signal);
        return joinLines(client.getQueryData<Lines>(queryKey), newest);
      },
      refetchInterval: LOG_MS,
    }),

  deletions: (channelId: string) =>
    queryOptions({
      queryKey: ["bot", channelId, "deletions"],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/channels/{channel_id}/deletions", {
            params: { path: at(channelId) },
            signal,
          }),
        ),
    }),

  timers: (channelId: string) =>
    queryOptions({
      queryKey: ["bot", channelId, "timers"],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/channels/{channel_id}/timers", { params: { path: at(channelId) }, signal }),
        ),
    }),

  tokens: (channelId: string) =>
    queryOptions({
      queryKey: ["bot", channelId, "tokens"],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/channels/{channel_id}/tokens", { params: { path: at(channelId) }, signal }),
        ),
    }),
};

/** A channel that the bot is in, or was. */
export type BotChannel = Schema["ChatChannel"];
