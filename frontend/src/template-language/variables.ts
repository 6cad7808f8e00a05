/** The names that a template can use, in the order in which they are listed. */
export const VARIABLES = [
  "streamer",
  "login",
  "streamer_id",
  "avatar_url",
  "url",
  "title",
  "game",
  "game_url",
  "language",
  "viewers",
  "preview_url",
  "started",
  "started_time",
  "started_full",
  "uptime",
  "ended",
  "duration",
  "vod_url",
  "server",
  "channel",
  "mention",
  "role",
  "everyone",
  "here",
  "subscribers",
  "platform",
  "session_id",
] as const;

/** The name of a variable. */
export type Variable = (typeof VARIABLES)[number];

/** The filters, by name. */
export const FILTERS = ["truncate", "upper", "lower", "default"] as const;

/** Whether there is such a variable. */
export function isVariable(name: string): name is Variable {
  return (VARIABLES as readonly string[]).includes(name);
}

/** The candidate that is most like `name`, if any is like it at all. */
export function closest<T extends string>(name: string, candidates: readonly T[]): T | undefined {
  let best: T | undefined;
  let least = 3;
  for (const candidate of candidates) {
    const found = distance(name, candidate);
    if (found < least) [best, least] = [candidate, found];
  }
  return best;
}

/** Levenshtein's distance; `a` is cut at 32 characters. */
function distance(a: string, b: string): number {
  const target = Array.from(b);
  const row = [0, ...target.map((_, at) => at + 1)];
  for (const [i, char] of Array.from(a).slice(0, 32).entries()) {
    let diagonal = i;
    row[0] = i + 1;
    for (const [j, other] of target.entries()) {
      const substituted = diagonal + Number(char !== other);
      diagonal = row[j + 1] ?? 0;
      row[j + 1] = Math.min(substituted, diagonal + 1, (row[j] ?? 0) + 1);
    }
  }
  return row[target.length] ?? 0;
}
