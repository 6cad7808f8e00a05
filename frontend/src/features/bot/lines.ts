import type { Schema } from "~/api/client";

export type Line = Schema["ChatLine"];
/** Lines, the newest first, and what to ask for to get those before. */
export type Lines = Schema["ChatLines"];

/** Puts the newest page on top of what is known; beyond a gap nothing is known any more. */
export function joinLines(known: Lines | undefined, newest: Lines): Lines {
  if (!known || newest.items.length === 0) return newest;
  const fresh = new Set(newest.items.map(({ line_id }) => line_id));
  const meets = newest.next === null || known.items.some(({ line_id }) => fresh.has(line_id));
  if (!meets) return newest;
  const last = newest.items.at(-1)!.line_id;
  // Ids grow with time.
  const earlier = known.items.filter(({ line_id }) => line_id < last);
  return {
    items: [...newest.items, ...earlier],
    next: earlier.length > 0 ? known.next : newest.next,
  };
}

/** Puts an earlier page below. */
export const addEarlier = (known: Lines, earlier: Lines): Lines => ({
  items: [...known.items, ...earlier.items],
  next: earlier.next,
});

/** What became of a line, as somebody sees it. */
export type Outcome = "queued" | "sending" | "said" | "taken" | "hidden" | "dropped" | "unknown";

/** How long a line may take from Twitch to us. */
const SEEN_MS = 15_000;

/** What became of a line; Twitch hides lines without telling. */
export function outcomeOf(line: Line, now: Date): Outcome {
  switch (line.state) {
    case "queued":
    case "sending":
    case "dropped":
      return line.state;
    case "sent": {
      if (line.seen) return "said";
      const answered = line.answered_at ? new Date(line.answered_at) : now;
      return now.getTime() - answered.getTime() > SEEN_MS ? "hidden" : "taken";
    }
    default:
      return "unknown";
  }
}

/** What a line answers. */
export type Cause = "line" | "run" | "timer" | "follow" | "live" | "event";

/** What a line answers, by the first word of its cause. */
export function causeOf(cause: string): Cause {
  const kind = cause.split(":")[0];
  switch (kind) {
    case "line":
    case "run":
    case "timer":
    case "follow":
    case "live":
      return kind;
    default:
      return "event";
  }
}
