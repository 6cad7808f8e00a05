import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ask, askTagged } from "./client";
import { counted, roomState } from "./unread";

/** What the API can be asked for; one key each, so that a change knows what to ask again. */
export const queries = {
  publicConfig: queryOptions({
    queryKey: ["public-config"],
    queryFn: ({ signal }) => ask(api.GET("/api/config", { signal })),
    staleTime: Infinity,
  }),

  guilds: queryOptions({
    queryKey: ["guilds"],
    queryFn: ({ signal }) => ask(api.GET("/api/guilds", { signal })),
    staleTime: 60_000,
  }),

  sessions: queryOptions({
    queryKey: ["sessions"],
    queryFn: ({ signal }) => ask(api.GET("/api/auth/sessions", { signal })),
  }),

  preferences: queryOptions({
    queryKey: ["preferences"],
    queryFn: ({ signal }) => ask(api.GET("/api/users/me/preferences", { signal })),
    // They may just have been changed on Discord.
    refetchOnWindowFocus: "always",
  }),

  guildPreferences: (guildId: string, q: string) =>
    infiniteQueryOptions({
      queryKey: ["guild-preferences", guildId, q],
      queryFn: ({ signal, pageParam }) =>
        ask(
          api.GET("/api/users/me/preferences/{guild_id}", {
            params: {
              path: { guild_id: guildId },
              query: { q: q === "" ? undefined : q, after: pageParam, limit: 50 },
            },
            signal,
          }),
        ),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      placeholderData: keepPreviousData,
      refetchOnWindowFocus: "always",
    }),

  invite: (code: string) =>
    queryOptions({
      queryKey: ["invite", code],
      queryFn: ({ signal }) =>
        ask(api.GET("/api/invites/{code}", { params: { path: { code } }, signal })),
    }),

  overview: (guildId: string) =>
    queryOptions({
      queryKey: ["guild", guildId, "overview"],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/guilds/{guild_id}/overview", {
            params: { path: { guild_id: guildId } },
            signal,
          }),
        ),
    }),

  places: (guildId: string) =>
    queryOptions({
      queryKey: ["guild", guildId, "places"],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/guilds/{guild_id}/places", {
            params: { path: { guild_id: guildId } },
            signal,
          }),
        ),
      staleTime: 60_000,
    }),

  config: (guildId: string) =>
    queryOptions({
      queryKey: ["guild", guildId, "config"],
      queryFn: ({ signal }) =>
        askTagged(
          api.GET("/api/guilds/{guild_id}/config", {
            params: { path: { guild_id: guildId } },
            signal,
          }),
        ),
    }),

  templates: (guildId: string) =>
    queryOptions({
      queryKey: ["guild", guildId, "templates"],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/guilds/{guild_id}/templates", {
            params: { path: { guild_id: guildId } },
            signal,
          }),
        ),
    }),

  template: (guildId: string, templateId: string) =>
    queryOptions({
      queryKey: ["guild", guildId, "templates", templateId],
      queryFn: ({ signal }) =>
        askTagged(
          api.GET("/api/guilds/{guild_id}/templates/{template_id}", {
            params: { path: { guild_id: guildId, template_id: templateId } },
            signal,
          }),
        ),
    }),

  /** Everybody, or those with a text in their login or name; the key of everybody is the start of every key. */
  streamers: (guildId: string, q = "") =>
    infiniteQueryOptions({
      queryKey: ["guild", guildId, "streamers", ...(q === "" ? [] : [q])],
      queryFn: ({ signal, pageParam }) =>
        ask(
          api.GET("/api/guilds/{guild_id}/streamers", {
            params: {
              path: { guild_id: guildId },
              query: { q: q === "" ? undefined : q, after: pageParam, limit: 100 },
            },
            signal,
          }),
        ),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      // While a search is under way; never another server's.
      placeholderData: (before, query) => (query?.queryKey[1] === guildId ? before : undefined),
    }),

  streamer: (guildId: string, streamerId: string) =>
    queryOptions({
      queryKey: ["guild", guildId, "streamer", streamerId],
      queryFn: ({ signal }) =>
        askTagged(
          api.GET("/api/guilds/{guild_id}/streamers/{streamer_id}", {
            params: { path: { guild_id: guildId, streamer_id: streamerId } },
            signal,
          }),
        ),
    }),

  streamerSearch: (guildId: string, q: string) =>
    queryOptions({
      queryKey: ["guild", guildId, "streamer-search", q],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/guilds/{guild_id}/streamers/search", {
            params: { path: { guild_id: guildId }, query: { q } },
            signal,
          }),
        ),
      staleTime: 60_000,
      placeholderData: keepPreviousData,
    }),

  categorySearch: (guildId: string, q: string) =>
    queryOptions({
      queryKey: ["guild", guildId, "category-search", q],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/guilds/{guild_id}/categories/search", {
            params: { path: { guild_id: guildId }, query: { q } },
            signal,
          }),
        ),
      staleTime: 60_000,
      placeholderData: keepPreviousData,
    }),

  invites: (guildId: string) =>
    queryOptions({
      queryKey: ["guild", guildId, "invites"],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/guilds/{guild_id}/invites", {
            params: { path: { guild_id: guildId } },
            signal,
          }),
        ),
    }),

  delivery: (guildId: string, deliveryId: string) =>
    queryOptions({
      queryKey: ["guild", guildId, "delivery", deliveryId],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/guilds/{guild_id}/deliveries/{delivery_id}", {
            params: { path: { guild_id: guildId, delivery_id: deliveryId } },
            signal,
          }),
        ),
    }),

  deliveries: (guildId: string, filter: DeliveryFilter) =>
    infiniteQueryOptions({
      queryKey: ["guild", guildId, "deliveries", filter],
      queryFn: ({ signal, pageParam }) =>
        ask(
          api.GET("/api/guilds/{guild_id}/deliveries", {
            params: {
              path: { guild_id: guildId },
              query: { ...filter, after: pageParam, limit: 50 },
            },
            signal,
          }),
        ),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      placeholderData: keepPreviousData,
    }),

  /** The newest deliveries, for whoever watches the log. */
  newest: (guildId: string, filter: DeliveryFilter) =>
    queryOptions({
      queryKey: ["guild", guildId, "newest", filter],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/guilds/{guild_id}/deliveries", {
            params: { path: { guild_id: guildId }, query: { ...filter, limit: 50 } },
            signal,
          }),
        ),
    }),

  audit: (guildId: string) =>
    infiniteQueryOptions({
      queryKey: ["guild", guildId, "audit"],
      queryFn: ({ signal, pageParam }) =>
        ask(
          api.GET("/api/guilds/{guild_id}/audit", {
            params: { path: { guild_id: guildId }, query: { after: pageParam, limit: 50 } },
            signal,
          }),
        ),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
    }),

  room: (room: string) =>
    queryOptions({
      queryKey: ["room", room, "state"],
      queryFn: () => roomState(room),
      // What was unread when somebody came stays marked while they are there.
      staleTime: Infinity,
      gcTime: 0,
    }),

  /** The latest that was said in a room; the socket tells what follows. */
  roomMessages: (room: string) =>
    queryOptions({
      queryKey: ["room", room, "messages"],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/rooms/{room}/messages", {
            params: { path: { room }, query: { limit: 50 } },
            signal,
          }),
        ),
      staleTime: Infinity,
      gcTime: 0,
    }),

  favorites: queryOptions({
    queryKey: ["favorites"],
    queryFn: ({ signal }) => ask(api.GET("/api/users/me/favorites", { signal })),
  }),

  channelSearch: (q: string) =>
    queryOptions({
      queryKey: ["channel-search", q],
      queryFn: ({ signal }) =>
        ask(api.GET("/api/streamers/search", { params: { query: { q } }, signal })),
      staleTime: 60_000,
      placeholderData: keepPreviousData,
    }),

  channel: (login: string) =>
    queryOptions({
      queryKey: ["channel", login],
      queryFn: ({ signal }) =>
        ask(api.GET("/api/channels/{login}", { params: { path: { login } }, signal })),
    }),

  /** Feeds that one may see; of very many the first by name. */
  feeds: queryOptions({
    queryKey: ["feeds"],
    queryFn: ({ signal }) =>
      ask(api.GET("/api/feeds", { params: { query: { limit: 100 } }, signal })),
    staleTime: 60_000,
  }),

  /** The latest of a feed, of some kinds or of all; the socket tells what follows. */
  feed: (streamerId: string, kinds?: string) =>
    queryOptions({
      queryKey: ["feed", streamerId, kinds],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/feeds/{streamer_id}", {
            params: { path: { streamer_id: streamerId }, query: { kinds, limit: 50 } },
            signal,
          }),
        ),
      staleTime: Infinity,
      gcTime: 0,
    }),

  /** What is unread of a room, for the navigation; the socket tells what follows. */
  unread: (room: string) =>
    queryOptions({
      queryKey: ["room", room, "unread"],
      queryFn: async () => counted(await roomState(room)),
      retry: false,
    }),

  /** Who is there, of a server's members; the socket tells what follows. */
  presence: (guildId: string) =>
    queryOptions({
      queryKey: ["guild", guildId, "presence"],
      queryFn: ({ signal }) =>
        ask(
          api.GET("/api/guilds/{guild_id}/presence", {
            params: { path: { guild_id: guildId } },
            signal,
          }),
        ),
      staleTime: Infinity,
    }),

  visibility: queryOptions({
    queryKey: ["visibility"],
    queryFn: ({ signal }) => ask(api.GET("/api/presence/visibility", { signal })),
  }),

  /** One's own channels on Twitch. */
  ownChannels: queryOptions({
    queryKey: ["own-channels"],
    queryFn: ({ signal }) => ask(api.GET("/api/users/me/channel", { signal })),
  }),

  mutes: (room: string) =>
    queryOptions({
      queryKey: ["room", room, "mutes"],
      queryFn: ({ signal }) =>
        ask(api.GET("/api/rooms/{room}/mutes", { params: { path: { room } }, signal })),
    }),
};

/** What the delivery log can be narrowed to. */
export interface DeliveryFilter {
  status?: string;
  kind?: string;
  streamer_id?: string;
  since?: string;
}
