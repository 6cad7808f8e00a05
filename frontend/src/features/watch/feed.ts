import type { Schema } from "~/api/client";
import type { Place, TopicEvent } from "~/api/live";

/** Everything that a feed tells of, in the order in which it is offered. */
export const KINDS = [
  "online",
  "offline",
  "update",
  "raid",
  "follow",
  "subscribe",
  "gift",
  "cheer",
] as const;

export type Kind = (typeof KINDS)[number];

const isKind = (kind: string): kind is Kind => (KINDS as readonly string[]).includes(kind);

/** Something that happened in a channel, wherever it was heard of. */
export interface Happening {
  id: string;
  /** Its place in the feed: of two, the higher came later. */
  position: number;
  kind: Kind;
  /** By Twitch's clock. */
  at: string;
  isTest: boolean;
  details: Record<string, unknown>;
}

/** So many are kept: a page that stays open for days does not grow. */
export const LIMIT = 500;

export interface Feed {
  /** The latest first, each once. */
  shown: readonly Happening[];
  paused: boolean;
  /** What came while it was paused, the latest first; not more of it than is kept. */
  waiting: readonly Happening[];
  /** How much came while it was paused. */
  came: number;
  /** What lies before this position was not loaded; null: that is all. */
  cursor: number | null;
  /** The cursor of what waits, if something is missing between that and what is shown. */
  hole: { cursor: number | null } | null;
  /** Where the first answer stood; null: there was none yet. */
  place: Place | null;
}

export const EMPTY: Feed = {
  shown: [],
  paused: false,
  waiting: [],
  came: 0,
  cursor: null,
  hole: null,
  place: null,
};

type Page = Pick<Schema["FeedPage"], "items" | "next" | "place">;

export type Action =
  | { type: "newest"; page: Page }
  | { type: "older"; page: Page }
  | { type: "happened"; happenings: Happening[] }
  | { type: "paused" }
  | { type: "resumed" }
  /** Other kinds are wanted: what was loaded is not what is to be seen. */
  | { type: "restarted" };

/** What a feed looks like after something. */
export function after(feed: Feed, action: Action): Feed {
  switch (action.type) {
    case "newest":
      return withNewest(feed, action.page);
    case "older": {
      const shown = merged(feed.shown, action.page.items.flatMap(ofHistory)).slice(0, LIMIT);
      return { ...feed, shown, cursor: action.page.next ?? null };
    }
    case "happened":
      return arrived(feed, action.happenings);
    case "paused":
      return { ...feed, paused: true };
    case "resumed":
      return resumed(feed);
    case "restarted":
      return { ...EMPTY, paused: feed.paused };
  }
}

/** Both together, the latest first, each once. */
function merged(known: readonly Happening[], news: readonly Happening[]): readonly Happening[] {
  const positions = new Set(known.map(({ position }) => position));
  const fresh = news.filter(({ position }) => !positions.has(position));
  if (fresh.length === 0) return known;
  return [...known, ...fresh].sort((a, b) => b.position - a.position);
}

/** As much of it as is kept; what is let go of can be loaded again. */
function kept(feed: Feed, shown: readonly Happening[]): Feed {
  if (shown.length <= LIMIT) return { ...feed, shown };
  const left = shown.slice(0, LIMIT);
  return { ...feed, shown: left, cursor: left.at(-1)?.position ?? null };
}

function arrived(feed: Feed, happenings: readonly Happening[]): Feed {
  if (!feed.paused) return kept(feed, merged(feed.shown, happenings));
  const here = new Set([...feed.shown, ...feed.waiting].map(({ position }) => position));
  const lowest = feed.waiting.length === LIMIT ? (feed.waiting.at(-1)?.position ?? 0) : 0;
  const fresh = happenings.filter(({ position }) => !here.has(position) && position > lowest);
  if (fresh.length === 0) return feed;
  const all = merged(feed.waiting, fresh);
  const waiting = all.slice(0, LIMIT);
  // What does not fit is missing between that and what is shown.
  const hole = all.length > LIMIT ? { cursor: waiting.at(-1)?.position ?? null } : feed.hole;
  return { ...feed, waiting, came: feed.came + fresh.length, hole };
}

function resumed(feed: Feed): Feed {
  const rest = { ...feed, paused: false, waiting: [], came: 0, hole: null };
  if (feed.hole) return { ...rest, shown: feed.waiting, cursor: feed.hole.cursor };
  return kept(rest, merged(feed.shown, feed.waiting));
}

/** The latest part of the history, for the first time or anew. */
function withNewest(feed: Feed, { items, next, place }: Page): Feed {
  const found = items.flatMap(ofHistory);
  if (feed.place === null) return { ...feed, shown: found, cursor: next ?? null, place };
  const oldest = next == null ? 0 : (items.at(-1)?.position ?? 0);
  const latest = Math.max(feed.shown[0]?.position ?? 0, feed.waiting[0]?.position ?? 0);
  // What lies between was never seen: it is loaded from here backwards.
  const gap = latest < oldest;
  if (!gap) return arrived(feed, found);
  if (!feed.paused) return { ...feed, shown: found, cursor: next ?? null };
  const came = feed.came + found.length;
  return { ...feed, waiting: found, came, hole: { cursor: next ?? null } };
}

/** An event as the API tells it; nothing, if it is of a newer version. */
export function ofHistory(item: Schema["FeedItem"]): Happening[] {
  const { event_id: id, position, kind, occurred_at: at, is_test: isTest, details } = item;
  return isKind(kind) ? [{ id, position, kind, at, isTest, details: fields(details) }] : [];
}

/** An event as the socket tells it. */
export function ofEvent(event: TopicEvent): Happening[] {
  if (event.kind !== "feed" || !isKind(event.data.kind)) return [];
  const { event_id: id, kind, occurred_at: at, is_test: isTest, details } = event.data;
  return [{ id, position: event.position, kind, at, isTest, details: fields(details) }];
}

function fields(details: unknown): Record<string, unknown> {
  const some = typeof details === "object" && details !== null;
  return some ? (details as Record<string, unknown>) : {};
}

/** Where an event is in a list, the latest first; if it is not there any more, the one that came before it. */
export function indexOf(shown: readonly Happening[], position: number): number {
  const at = shown.findIndex((each) => each.position <= position);
  return at === -1 ? shown.length - 1 : at;
}
