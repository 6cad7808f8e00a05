import type { Schema } from "~/api/client";
import type { Place, Shout, TopicEvent } from "~/api/live";

/** A message, wherever it was heard of. */
export interface Message {
  id: string;
  clientId: string;
  position: number;
  revision: number;
  author: { id: string; name: string; avatar: string | null } | null;
  /** Null: deleted. */
  text: string | null;
  createdAt: string;
  editedAt: string | null;
}

/** Why a message was not sent. */
export interface Failure {
  code: string;
  /** The server's own words. */
  message: string;
  /** When another try makes sense, in milliseconds. */
  retryAt: number | null;
}

/** A message of one's own of which the server has not spoken yet. */
export interface Pending {
  clientId: string;
  text: string;
  createdAt: string;
  failure: Failure | null;
}

export interface Room {
  /** By id. Deleted ones stay, so that nothing that comes late brings them back. */
  messages: ReadonlyMap<string, Message>;
  pending: readonly Pending[];
  /** What is before this position was not loaded yet; null: that is all. */
  cursor: number | null;
  /** Where the first answer stood; null: there was none yet. */
  place: Place | null;
  /** In milliseconds. */
  mutedUntil: number | null;
}

export const EMPTY: Room = {
  messages: new Map(),
  pending: [],
  cursor: null,
  place: null,
  mutedUntil: null,
};

type Page = Schema["RoomPage"];

export type Action =
  | { type: "newest"; page: Page }
  | { type: "older"; page: Page }
  | { type: "events"; events: TopicEvent[] }
  | { type: "changed"; message: Message }
  | { type: "deleted"; id: string }
  | { type: "sending"; pending: Pending }
  | { type: "failed"; clientId: string; failure: Failure }
  | { type: "discarded"; clientId: string }
  | { type: "muted"; until: number | null };

/** What a room looks like after something has happened, to the person with this id. */
export const roomOf =
  (me: string) =>
  (room: Room, action: Action): Room => {
    switch (action.type) {
      case "newest":
        return settled(withNewest(room, action.page), me);
      case "older": {
        const messages = merged(room.messages, action.page.items.map(ofHistory));
        return { ...room, messages, cursor: action.page.next ?? null };
      }
      case "events":
        return settled(
          action.events.reduce((before, event) => after(before, event, me), room),
          me,
        );
      case "changed":
        return settled({ ...room, messages: merged(room.messages, [action.message]) }, me);
      case "deleted":
        return { ...room, messages: without(room.messages, ({ id }) => id === action.id) };
      case "sending": {
        const { pending } = action;
        const others = room.pending.filter(({ clientId }) => clientId !== pending.clientId);
        return { ...room, pending: [...others, pending] };
      }
      case "failed": {
        const { clientId, failure } = action;
        const pending = room.pending.map((each) =>
          each.clientId === clientId ? { ...each, failure } : each,
        );
        return { ...room, pending };
      }
      case "discarded": {
        const pending = room.pending.filter(({ clientId }) => clientId !== action.clientId);
        return { ...room, pending };
      }
      case "muted":
        return { ...room, mutedUntil: action.until };
    }
  };

/** Of two versions of a message, the later is the truth, whichever came first. */
function merged(known: Room["messages"], news: Iterable<Message>): Room["messages"] {
  const messages = new Map(known);
  for (const message of news) {
    const before = messages.get(message.id);
    if (!before || before.revision < message.revision) messages.set(message.id, message);
  }
  return messages;
}

function without(known: Room["messages"], gone: (message: Message) => boolean): Room["messages"] {
  const all = Array.from(known, ([id, message]): [string, Message] => [
    id,
    gone(message) ? { ...message, text: null } : message,
  ]);
  return new Map(all);
}

/** The latest part of the history, for the first time or anew. */
function withNewest(room: Room, { items, next, place }: Page): Room {
  const found = items.map(ofHistory);
  const oldest = next == null ? 0 : (found.at(-1)?.position ?? 0);
  const latest = Math.max(0, ...Array.from(room.messages.values(), ({ position }) => position));
  // What lies between was never seen: it is loaded from here backwards.
  const gap = latest < oldest;
  const ids = new Set(found.map(({ id }) => id));
  // A deleted message is told by its absence.
  const gone = ({ id, position }: Message) =>
    position >= oldest && position <= place.position && !ids.has(id);
  const known = gap ? new Map<string, Message>() : without(room.messages, gone);
  return {
    ...room,
    messages: merged(known, found),
    cursor: gap || next == null || room.place === null ? (next ?? null) : room.cursor,
    place: room.place ?? place,
  };
}

function after(room: Room, event: TopicEvent, me: string): Room {
  if (event.kind === "shout") {
    return { ...room, messages: merged(room.messages, [ofShout(event.data)]) };
  }
  if (event.kind === "mute") {
    const { user_id, until_unix } = event.data;
    if (user_id !== me) return room;
    return { ...room, mutedUntil: until_unix === null ? null : until_unix * 1000 };
  }
  const forgotten = event.kind === "changed" ? event.data?.forgotten_author : undefined;
  if (forgotten === undefined) return room;
  const messages = without(room.messages, ({ author }) => author?.id === forgotten);
  return { ...room, messages };
}

/** What has arrived is not under way any more. Only one's own ids count: anybody could use the same. */
function settled(room: Room, me: string): Room {
  if (room.pending.length === 0) return room;
  const arrived = new Set<string>();
  for (const { author, clientId } of room.messages.values())
    if (author?.id === me) arrived.add(clientId);
  return { ...room, pending: room.pending.filter(({ clientId }) => !arrived.has(clientId)) };
}

/** A message as the socket tells it. */
export function ofShout(shout: Shout): Message {
  const { author } = shout;
  return {
    id: shout.shout_id,
    clientId: shout.client_id,
    position: shout.position,
    revision: shout.revision,
    author: author && { id: author.user_id, name: author.name, avatar: author.avatar },
    text: shout.text,
    createdAt: shout.created_at,
    editedAt: shout.edited_at,
  };
}

/** A message as the API tells it. */
export function ofHistory(message: Schema["RoomMessage"]): Message {
  const { author } = message;
  return {
    id: message.message_id,
    clientId: message.client_id,
    position: message.position,
    revision: message.revision,
    author: author
      ? { id: author.user_id, name: author.name, avatar: author.avatar ?? null }
      : null,
    text: message.text,
    createdAt: message.created_at,
    editedAt: message.edited_at ?? null,
  };
}

/** What is to be seen, in its order. */
export function visible(room: Room): (Message & { text: string })[] {
  const there = [...room.messages.values()].filter(
    (message): message is Message & { text: string } => message.text !== null,
  );
  return there.sort((a, b) => a.position - b.position);
}
