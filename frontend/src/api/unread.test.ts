import { expect, test, vi } from "vitest";
import type { Shout, TopicEvent } from "./live";
import { afterEvents, afterReading, counted, noteRead, onRead, unreadIn } from "./unread";

/** Read up to 10; the server has counted 2 up to 14. */
const START = counted({
  read_to: 10,
  unread: 2,
  moderates: false,
  muted_until: null,
  place: { position: 14, tag: "t" },
});

const shout = (position: number, change: Partial<Shout> = {}): TopicEvent => ({
  position,
  kind: "shout",
  data: {
    shout_id: `s${position}`,
    position,
    revision: 1,
    client_id: "c",
    author: { user_id: "ben", name: "Ben", avatar: null },
    text: "hi",
    created_at: "",
    edited_at: null,
    removed_by_moderator: false,
    ...change,
  },
});

const after = (events: TopicEvent[], from = START) => afterEvents(from, events, "ada")!;

test("messages of others count once, whatever is told again", () => {
  const one = after([shout(15), shout(16, { author: null })]);
  expect(unreadIn(one)).toBe(3);
  expect(unreadIn(after([shout(15), shout(15)], one))).toBe(3);
  const own = { author: { user_id: "ada", name: "Ada", avatar: null } };
  expect(unreadIn(after([shout(17, own)], one))).toBe(3);
  // Those that the server has counted already, and those that were read.
  expect(unreadIn(after([shout(13), shout(9)], one))).toBe(3);
});

test("an edit counts nothing, and a deletion takes one away", () => {
  const one = after([shout(15)]);
  const edited = shout(15, { revision: 2, text: "ho" });
  expect(unreadIn(after([{ ...edited, position: 16 }], one))).toBe(3);
  const deleted = (position: number) => shout(position, { revision: 3, text: null });
  const without = after([deleted(15)], one);
  expect(unreadIn(without)).toBe(2);
  // What comes late does not bring it back.
  expect(unreadIn(after([shout(15)], without))).toBe(2);
  // One that was counted by the server, told twice.
  const fewer = after([deleted(12), deleted(12)], without);
  expect(unreadIn(fewer)).toBe(1);
  // One that was read is none of them.
  expect(unreadIn(after([deleted(8)], fewer))).toBe(1);
  expect(unreadIn(after([deleted(11), deleted(13)], fewer))).toBe(0);
});

test("a flood is not kept one by one", () => {
  const many = Array.from({ length: 500 }, (_, n) => shout(15 + n));
  expect(after(many).since.size).toBe(100);
});

test("reading takes away what was read, and never brings anything back", () => {
  const some = after([shout(15), shout(16), shout(18)]);
  const read = afterReading(some, 16)!;
  expect([unreadIn(read), read.readTo]).toEqual([1, 16]);
  expect(afterReading(read, 12)).toBe(read);
  expect(unreadIn(afterReading(read, 18)!)).toBe(0);
  expect(unreadIn(after([shout(16)], read))).toBe(1);
});

test("what cannot be told from here is counted anew", () => {
  // Of the two that the server has counted nobody knows where they are.
  expect(afterReading(START, 12)).toBeNull();
  const gone: TopicEvent = { position: 15, kind: "changed", data: { forgotten_author: "ben" } };
  expect(afterEvents(START, [gone], "ada")).toBeNull();
});

test("who reads is heard of until nobody listens", () => {
  const heard = vi.fn<(read: { room: string; position: number }) => void>();
  const stop = onRead(heard);
  noteRead("1", 5);
  expect(heard).toHaveBeenCalledWith({ room: "1", position: 5 });
  stop();
  noteRead("1", 6);
  expect(heard).toHaveBeenCalledTimes(1);
});
