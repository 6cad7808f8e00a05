// A message as Discord shows it.
export { DiscordMessage } from "./DiscordMessage";
export type { MentionNames } from "./setting";
