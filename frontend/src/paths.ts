/** Every page's address, once: the route tree and all links are made of these. */
export const paths = {
  landing: "/",
  login: "/login",
  signedIn: "/signed-in",
  servers: "/servers",
  server: "/s/$guildId",
  streamers: "/s/$guildId/streamers",
  streamer: "/s/$guildId/streamers/$streamerId",
  notifications: "/s/$guildId/notifications",
  templates: "/s/$guildId/templates",
  template: "/s/$guildId/templates/$templateId",
  deliveries: "/s/$guildId/deliveries",
  delivery: "/s/$guildId/deliveries/$deliveryId",
  team: "/s/$guildId/team",
  audit: "/s/$guildId/audit",
  room: "/room",
  me: "/me",
  sessions: "/me/sessions",
  ownChannel: "/me/channel",
  bot: "/me/bot",
  botChannel: "/me/bot/$channelId",
  botCommands: "/me/bot/$channelId/commands",
  botCommand: "/me/bot/$channelId/commands/$commandId",
  botTimers: "/me/bot/$channelId/timers",
  botLog: "/me/bot/$channelId/log",
  botSettings: "/me/bot/$channelId/settings",
  privacy: "/me/privacy",
  appearance: "/me/appearance",
  live: "/live",
  channel: "/live/$login",
  invite: "/invite/$code",
} as const;

/** Nothing chosen leaves what a feed shows as it is. */
const feedChoice = (feed: readonly string[] = []) =>
  feed.length === 0 ? "" : `?feed=${feed.join(",")}`;

/** Addresses of the API that a browser goes to, rather than asks. */
export const leave = {
  /** Discord's sign-in, and back to a page of ours. */
  login: (returnTo: string) => `/api/auth/discord/login?return_to=${encodeURIComponent(returnTo)}`,
  /** Discord's page for adding the bot to a server. */
  install: (guildId: string) => `/api/guilds/${guildId}/install`,
  /** Twitch's page for linking one's own channel to a server. */
  linkStreamer: (guildId: string, feed?: readonly string[]) =>
    `/api/guilds/${guildId}/streamers/link${feedChoice(feed)}`,
  /** The same for who was invited. */
  acceptInvite: (code: string, feed?: readonly string[]) =>
    `/api/invites/${encodeURIComponent(code)}/link${feedChoice(feed)}`,
  /** The same for one's own feed; `feed` is what it may show from then on. */
  linkChannel: (feed: readonly string[]) => `/api/users/me/channel/link?feed=${feed.join(",")}`,
  /** Twitch's page for letting the chat bot into one's own channel. */
  letBotIn: "/api/users/me/bot/link",
  /** The same for an account that the bot is to speak as there. */
  linkBotAccount: (channelId: string, login: string) =>
    `/api/channels/${channelId}/bot/account/link?login=${encodeURIComponent(login)}`,
  /** A server's configuration as a file. */
  exportServer: (guildId: string) => `/api/guilds/${guildId}/export`,
  /** A channel's commands as a file. */
  exportCommands: (channelId: string) => `/api/channels/${channelId}/commands/export`,
};
