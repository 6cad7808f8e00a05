import type { Schema } from "~/api/client";
import type { FeedGrant } from "~/ui/FeedGrants";

/** `again`: it was granted, and Twitch does not let us have it any more. */
export type Standing = "granted" | "again" | "none";

/** How a grant of a channel stands. */
export function standingOf(channel: Schema["OwnChannel"], grant: FeedGrant): Standing {
  if (channel.granted.includes(grant)) return "granted";
  return channel.grant_again.includes(grant) ? "again" : "none";
}

/**
 * What Twitch is asked for so that this grant is there as well: a choice takes the place of the one before, and what has
 * been lost was wanted.
 */
export function wantedWith(channel: Schema["OwnChannel"], grant: FeedGrant): string[] {
  return [...new Set([...channel.granted, ...channel.grant_again, grant])].sort();
}
