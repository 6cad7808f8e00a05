import { describe, expect, it } from "vitest";
import type { Schema } from "~/api/client";
import { after, EMPTY, indexOf, LIMIT, ofEvent, ofHistory, type Action, type Feed } from "./feed";

const play = (...actions: Action[]) => actions.reduce<Feed>(after, EMPTY);
const positions = (feed: Feed) => feed.shown.map(({ position }) => position);

const item = (position: number, kind = "follow"): Schema["FeedItem"] => ({
  event_id: `e${position}`,
  position,
  kind,
  occurred_at: "2026-11-30T10:00:00Z",
  is_test: false,
  details: {},
});

const page = (found: number[], next: number | null, at: number) => ({
  items: found.map((position) => item(position)),
  next,
  place: { position: at, tag: "t" },
});
const newest = (found: number[], next: number | null = null, at = found[0] ?? 0): Action => ({
  type: "newest",
  page: page(found, next, at),
});
const happened = (...found: number[]): Action => ({
  type: "happened",
  happenings: found.flatMap((position) => ofHistory(item(position))),
});
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);
const pause: Action = { type: "paused" };
const resume: Action = { type: "resumed" };

describe("a feed", () => {
  it("shows the latest first and each once, whatever comes first or twice", () => {
    const feed = play(newest([3, 2], 2), happened(5, 4), happened(5), happened(3), {
      type: "older",
      page: page([1], null, 5),
    });
    expect(positions(feed)).toEqual([5, 4, 3, 2, 1]);
    expect(feed.cursor).toBeNull();
  });

  it("does not grow without bound, and what it lets go of can be loaded again", () => {
    const feed = play(newest([1]), happened(...range(2, LIMIT + 20)));
    expect(feed.shown).toHaveLength(LIMIT);
    expect(feed.shown[0]?.position).toBe(LIMIT + 20);
    expect(feed.cursor).toBe(21);
    const back = after(feed, { type: "older", page: page([20, 19], 19, 600) });
    expect(back.shown).toHaveLength(LIMIT);
    expect(back.cursor).toBe(19);
  });

  it("passes over kinds of a newer version", () => {
    expect(ofHistory(item(1, "hologram"))).toEqual([]);
    const data = { ...item(1), kind: "hologram", details: null };
    expect(ofEvent({ kind: "feed", position: 1, data })).toEqual([]);
    expect(ofEvent({ kind: "changed", position: 1, data: null })).toEqual([]);
  });

  it("asked for again it fills in what was missed, and leaves no hole", () => {
    expect(positions(play(newest([2, 1]), newest([3, 2, 1])))).toEqual([3, 2, 1]);
    const far = play(newest([2, 1]), newest([90, 89], 89));
    expect(positions(far)).toEqual([90, 89]);
    expect(far.cursor).toBe(89);
  });
});

describe("while it is paused", () => {
  it("nothing moves and everything is counted once", () => {
    const feed = play(newest([1]), pause, happened(2, 3), happened(3), happened(1));
    expect(positions(feed)).toEqual([1]);
    expect(feed.came).toBe(2);
    const on = after(feed, resume);
    expect(positions(on)).toEqual([3, 2, 1]);
    expect([on.came, on.waiting.length, on.paused]).toEqual([0, 0, false]);
    expect(positions(after(on, happened(4)))).toEqual([4, 3, 2, 1]);
  });

  it("a flood is counted and not kept", () => {
    const flood = range(2, LIMIT + 100).map((position) => happened(position));
    const feed = play(newest([1]), pause, ...flood);
    expect(feed.came).toBe(LIMIT + 99);
    expect(feed.waiting).toHaveLength(LIMIT);
    const on = after(feed, resume);
    expect(on.shown).toHaveLength(LIMIT);
    expect(on.cursor).toBe(on.shown.at(-1)?.position);
  });

  it("a flood at once is as much as one by one", () => {
    const feed = play(newest([1]), pause, happened(...range(2, LIMIT + 100)), happened(2));
    expect(feed.came).toBe(LIMIT + 99);
    expect(after(feed, resume).cursor).toBe(101);
  });

  it("what was missed meanwhile waits too", () => {
    const feed = play(newest([2, 1]), pause, newest([90, 89], 89));
    expect(positions(feed)).toEqual([2, 1]);
    expect(feed.came).toBe(2);
    const on = after(feed, resume);
    expect(positions(on)).toEqual([90, 89]);
    expect(on.cursor).toBe(89);
  });

  it("other kinds begin anew, and it stays paused", () => {
    const feed = play(newest([2, 1]), pause, happened(3), { type: "restarted" });
    expect(feed).toEqual({ ...EMPTY, paused: true });
    const loaded = after(feed, newest([3]));
    expect(positions(loaded)).toEqual([3]);
    expect(after(loaded, happened(4)).came).toBe(1);
  });
});

it("an event that is not kept any more is looked for at what came before it", () => {
  const { shown } = play(newest([9, 7, 4]));
  expect([9, 8, 7, 4, 3].map((position) => indexOf(shown, position))).toEqual([0, 1, 1, 2, 2]);
  expect(indexOf([], 1)).toBe(-1);
});
