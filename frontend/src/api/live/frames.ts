/** The frames of the socket, version 1, as `crates/types/src/live/frames.rs` writes them. */

export const VERSION = 1;
export const PROTOCOL = "streammaxing.v1";

/** A place in a topic: everything up to its position has been seen. */
export interface Place {
  position: number;
  tag: string;
}

/** A message of a room, as it is now. */
export interface Shout {
  shout_id: string;
  position: number;
  /** Rises with each change; of two, the higher is the truth. */
  revision: number;
  client_id: string;
  /** Null: the account is gone. */
  author: { user_id: string; name: string; avatar: string | null } | null;
  /** Null: deleted. */
  text: string | null;
  created_at: string;
  edited_at: string | null;
  removed_by_moderator: boolean;
}

/** Something that happened in a channel, or was tried out. */
interface FeedEvent {
  event_id: string;
  kind: string;
  /** By Twitch's clock. */
  occurred_at: string;
  is_test: boolean;
  /** What belongs to the kind. */
  details: unknown;
}

/** A page, as others are told of it. */
export interface LookedAt {
  path: string;
  title: string;
}

/** Whether somebody is there, and what they look at: as it is now. */
export interface Present {
  /** The name is empty once the account is deleted. */
  user: { user_id: string; name: string; avatar: string | null };
  online: boolean;
  page: LookedAt | null;
}

/** Something that happened in a topic. */
export type TopicEvent = { position: number; trace_id?: string } & (
  | { kind: "shout"; data: Shout }
  | { kind: "mute"; data: { user_id: string; until_unix: number | null } }
  | { kind: "feed"; data: FeedEvent }
  | { kind: "presence"; data: Present }
  | { kind: "changed"; data: { what?: string[]; forgotten_author?: string } | null }
);

/** What became of a message that was sent. */
export type Sent =
  | { outcome: "stored"; shout: Shout }
  | { outcome: "refused"; code: string; message: string; retry_after?: number };

export type ClientFrame =
  | { type: "hello"; version: number }
  | { type: "subscribe"; topic: string; after?: Place }
  | { type: "unsubscribe"; topic: string }
  | { type: "ping" }
  | ({ type: "page" } & LookedAt)
  | { type: "shout"; room: string; client_id: string; text: string };

export type ServerFrame =
  | { type: "welcome"; connection_id: string; reconnect_after_seconds: number }
  | { type: "subscribed" | "reset"; topic: string; place: Place }
  | { type: "unsubscribed"; topic: string; reason: string }
  | { type: "events"; topic: string; after: number; place: Place; events: TopicEvent[] }
  | ({ type: "shouted"; room: string; client_id: string } & Sent)
  | { type: "pong" }
  | { type: "closing"; code: number; reason: string }
  | { type: "refused"; code: string; message: string; topic?: string };

/** Why a socket was closed; those that are not listed pass by themselves. */
export const CLOSED = {
  restart: 1012,
  tooSlow: 1013,
  misbehaved: 4400,
  sessionEnded: 4401,
  replaced: 4409,
} as const;

/** Reads a frame; null for what is none. One of a newer server is passed over by its type. */
export function read(data: unknown): ServerFrame | null {
  if (typeof data !== "string") return null;
  try {
    const frame: unknown = JSON.parse(data);
    const known = typeof frame === "object" && frame !== null && "type" in frame;
    return known ? (frame as ServerFrame) : null;
  } catch {
    return null;
  }
}
