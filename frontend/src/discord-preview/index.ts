// A message as Discord shows it.
export { DiscordMessage, type DiscordMessageProps, type LinkButton } from "./DiscordMessage";
export type { MentionNames } from "./setting";
