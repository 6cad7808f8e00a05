/** Who somebody is in a channel, the lowest first. */
export const LEVELS = [
  "everyone",
  "follower",
  "subscriber",
  "vip",
  "moderator",
  "broadcaster",
] as const;

export type Level = (typeof LEVELS)[number];

/** A word of the API's, which may get more of them. */
export const levelOf = (word: string | null | undefined): Level =>
  LEVELS.find((level) => level === word) ?? "everyone";
