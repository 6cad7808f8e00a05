import { api, ask, type Schema } from "./client";
import type { Place, TopicEvent } from "./live";

/** How much of a room somebody has not read. */
export interface Unread {
  /** Up to where they have read. */
  readTo: number;
  /** Messages that the server has counted, up to `place`. */
  before: number;
  place: Place;
  /** Positions of those that came since, by id. */
  since: ReadonlyMap<string, number>;
  /** Messages that were counted and are deleted. */
  gone: ReadonlySet<string>;
}

/** Who asks within this time of somebody else is told the same: a page and its navigation. */
const SHARED_MS = 2000;
const asked = new Map<string, Promise<Schema["RoomState"]>>();

/** How much of a room somebody has not read, and what they may do there. */
export function roomState(room: string): Promise<Schema["RoomState"]> {
  const known = asked.get(room);
  if (known) return known;
  const state = ask(api.GET("/api/rooms/{room}", { params: { path: { room } } }));
  asked.set(room, state);
  const forget = () => asked.get(room) === state && asked.delete(room);
  state.then(() => setTimeout(forget, SHARED_MS), forget);
  return state;
}

/** More are not told apart. */
const MOST = 100;

export function counted(room: Schema["RoomState"]): Unread {
  return {
    readTo: room.read_to,
    before: room.unread,
    place: room.place,
    since: new Map(),
    gone: new Set(),
  };
}

export const unreadIn = ({ before, since }: Unread) => before + since.size;

/** What is unread after something has happened; null: it has to be counted anew. Told twice, it counts once. */
export function afterEvents(unread: Unread, events: TopicEvent[], me: string): Unread | null {
  let { before } = unread;
  const since = new Map(unread.since);
  const gone = new Set(unread.gone);
  for (const event of events) {
    if (event.kind === "changed") return null;
    if (event.kind !== "shout") continue;
    const { shout_id: id, position, text, author } = event.data;
    if (position <= unread.readTo || author === null || author.user_id === me) continue;
    if (text === null) {
      const wasCounted = position <= unread.place.position && !gone.has(id);
      if (!since.delete(id) && wasCounted && before > 0) before -= 1;
      gone.add(id);
    } else if (position > unread.place.position && !gone.has(id) && since.size < MOST) {
      since.set(id, position);
    }
  }
  return { ...unread, before, since, gone };
}

/** What is unread once somebody has read up to a position; null: it has to be counted anew. */
export function afterReading(unread: Unread, position: number): Unread | null {
  if (position <= unread.readTo) return unread;
  if (position < unread.place.position && unread.before > 0) return null;
  const since = [...unread.since].filter(([, each]) => each > position);
  return { ...unread, readTo: position, before: 0, since: new Map(since) };
}

const CHANNEL = "streammaxing-read";

interface Read {
  room: string;
  position: number;
}

const readers = new Set<(read: Read) => void>();

/** Somebody has read a room up to a position, and then the server knows it too: all tabs count anew. */
export function noteRead(room: string, position: number) {
  const read = { room, position };
  asked.delete(room);
  for (const reader of readers) reader(read);
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(read);
  channel.close();
}

/** Calls back when somebody has read on, here or in another tab. */
export function onRead(callback: (read: Read) => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener("message", ({ data }: MessageEvent<Read>) => {
    asked.delete(data.room);
    callback(data);
  });
  readers.add(callback);
  return () => {
    readers.delete(callback);
    channel.close();
  };
}
