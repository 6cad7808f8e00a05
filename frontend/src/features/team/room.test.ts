import { describe, expect, it } from "vitest";
import type { Schema } from "~/api/client";
import type { Shout } from "~/api/live";
import { EMPTY, roomOf, visible, type Action, type Room } from "./room";

const ME = "7";
const step = roomOf(ME);
const play = (...actions: Action[]) => actions.reduce<Room>(step, EMPTY);
const texts = (room: Room) => visible(room).map(({ text }) => text);

const shout = (position: number, change: Partial<Shout> = {}): Shout => ({
  shout_id: `m${position}`,
  position,
  revision: 1,
  client_id: `c${position}`,
  author: { user_id: "9", name: "Ben", avatar: null },
  text: `text ${position}`,
  created_at: "2026-11-30T10:00:00Z",
  edited_at: null,
  removed_by_moderator: false,
  ...change,
});

const told = (...shouts: Shout[]): Action => ({
  type: "events",
  events: shouts.map((data) => ({ position: data.position, kind: "shout", data })),
});

function page(positions: number[], next: number | null, at: number): Schema["RoomPage"] {
  const items = positions.map((position) => {
    const { shout_id, author, ...rest } = shout(position);
    return { ...rest, text: `text ${position}`, message_id: shout_id, author };
  });
  return { items, next, place: { position: at, tag: "t" } };
}

const newest = (positions: number[], next: number | null, at: number): Action => ({
  type: "newest",
  page: page(positions, next, at),
});

const sending: Action = {
  type: "sending",
  pending: { clientId: "c5", text: "mine", createdAt: "2026-11-30T10:00:00Z", failure: null },
};
const mine = shout(5, { author: { user_id: ME, name: "Ada", avatar: null } });

describe("the order", () => {
  it("is the room's, whatever comes first", () => {
    const room = play(newest([3, 2], 2, 3), told(shout(5)), told(shout(4)), {
      type: "older",
      page: page([1], null, 5),
    });
    expect(texts(room)).toEqual(["text 1", "text 2", "text 3", "text 4", "text 5"]);
    expect(room.cursor).toBeNull();
  });
});

describe("of two versions", () => {
  it("the later holds, whichever came first", () => {
    const room = play(told(shout(1, { revision: 2, text: "new" })), newest([1], null, 1));
    expect(texts(room)).toEqual(["new"]);
    const known = play(newest([1], null, 1), told(shout(1, { revision: 2, text: "new" })));
    expect(texts(step(known, newest([1], null, 1)))).toEqual(["new"]);
  });

  it("a deletion that came before its message keeps it away", () => {
    const room = play(newest([1], null, 1), told(shout(2, { revision: 2, text: null })));
    expect(texts(step(room, told(shout(2))))).toEqual(["text 1"]);
    expect(texts(step(room, { type: "older", page: page([2], null, 2) }))).toEqual(["text 1"]);
  });
});

describe("the latest page, asked for again", () => {
  it("tells of deletions by what is missing", () => {
    const room = play(newest([3, 2, 1], null, 3), told(shout(9)), newest([3, 1], null, 4));
    expect(texts(room)).toEqual(["text 1", "text 3", "text 9"]);
  });

  it("says nothing about what is older than itself", () => {
    const room = play(newest([3, 2, 1], null, 3), newest([4, 3], 3, 4));
    expect(texts(room)).toEqual(["text 1", "text 2", "text 3", "text 4"]);
  });

  it("leaves no hole between what was known and itself", () => {
    const room = play(newest([2, 1], null, 2), newest([90, 89], 89, 90));
    expect(texts(room)).toEqual(["text 89", "text 90"]);
    expect(room.cursor).toBe(89);
  });
});

describe("a message of one's own", () => {
  it("is under way until it is heard of, in an event, an answer or the history", () => {
    expect(play(sending).pending).toHaveLength(1);
    expect(play(sending, told(mine)).pending).toEqual([]);
    const failed: Action = {
      type: "failed",
      clientId: "c5",
      failure: { code: "silent", message: "", retryAt: null },
    };
    const late = play(sending, failed, told(mine));
    expect([late.pending.length, ...texts(late)]).toEqual([0, "text 5"]);
    // What the answer says afterwards finds nothing.
    expect(step(late, failed).pending).toEqual([]);
  });

  it("is not taken for a stranger's with the same id", () => {
    expect(play(sending, told(shout(5))).pending).toHaveLength(1);
  });
});

const mute = (user_id: string, until_unix: number | null): Action => ({
  type: "events",
  events: [{ position: 8, kind: "mute", data: { user_id, until_unix } }],
});

describe("other events", () => {
  it("a mute is one's own only", () => {
    expect(play(mute("9", 60)).mutedUntil).toBeNull();
    expect(play(mute(ME, 60)).mutedUntil).toBe(60_000);
    expect(play(mute(ME, 60), mute(ME, null)).mutedUntil).toBeNull();
  });

  it("a deleted account takes its messages along", () => {
    const gone: Action = {
      type: "events",
      events: [{ position: 8, kind: "changed", data: { forgotten_author: "9" } }],
    };
    expect(texts(play(told(shout(4), mine), gone))).toEqual(["text 5"]);
  });
});
