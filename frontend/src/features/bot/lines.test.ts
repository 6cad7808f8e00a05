import { describe, expect, test } from "vitest";
import { addEarlier, causeOf, joinLines, outcomeOf, type Line, type Lines } from "./lines";

const line = (id: number, more: Partial<Line> = {}): Line => ({
  line_id: `0198-${String(id).padStart(4, "0")}`,
  cause: "line:x",
  part: 0,
  text: "Hi",
  state: "sent",
  queued_at: "2026-11-30T18:00:00Z",
  seen: true,
  ...more,
});
const page = (ids: number[], next: number | null = null): Lines => ({
  items: ids.map((id) => line(id)),
  next: next === null ? null : line(next).line_id,
});
const ids = ({ items }: Lines) => items.map(({ line_id }) => Number(line_id.slice(5)));

describe("the newest page", () => {
  test("goes on top of what is known, and renews it", () => {
    const known = page([3, 2, 1]);
    const newest = {
      items: [line(4), line(3, { state: "dropped" })],
      next: line(3).line_id,
    };
    const joined = joinLines(known, newest);
    expect(ids(joined)).toEqual([4, 3, 2, 1]);
    expect(joined.items[1]?.state).toBe("dropped");
    expect(joined.next).toBeNull();
  });

  test("is all that is known beyond a gap", () => {
    expect(ids(joinLines(page([3, 2, 1]), page([9, 8], 8)))).toEqual([9, 8]);
  });

  test("keeps what was loaded earlier, and where that ends", () => {
    const known = addEarlier(page([5, 4], 4), page([3, 2], 2));
    const joined = joinLines(known, page([6, 5], 5));
    expect(ids(joined)).toEqual([6, 5, 4, 3, 2]);
    expect(joined.next).toBe(line(2).line_id);
  });
});

describe("what became of a line", () => {
  const now = new Date("2026-11-30T18:01:00Z");

  test.each([
    [{ state: "queued" }, "queued"],
    [{ state: "sent", seen: true }, "said"],
    [{ state: "sent", seen: false, answered_at: "2026-11-30T18:00:58Z" }, "taken"],
    [{ state: "sent", seen: false, answered_at: "2026-11-30T18:00:05Z" }, "hidden"],
    [{ state: "dropped" }, "dropped"],
    [{ state: "something new" }, "unknown"],
  ] as const)("%o is %s", (more, outcome) => {
    expect(outcomeOf(line(1, more), now)).toBe(outcome);
  });

  test("is told with what it answers", () => {
    expect(causeOf("timer:1:2")).toBe("timer");
    expect(causeOf("raid:1")).toBe("event");
  });
});
