import { describe, expect, it } from "vitest";
import { merge } from "./merge";

const base = { channel: "1", mention: { kind: "none" }, types: ["live"] };

describe("merge", () => {
  it("keeps what only one side changed", () => {
    const mine = { ...base, channel: "2" };
    const theirs = { ...base, types: ["live", "rerun"] };
    expect(merge(base, mine, theirs)).toEqual({
      value: { channel: "2", mention: { kind: "none" }, types: ["live", "rerun"] },
      conflict: null,
    });
  });

  it("names only fields that both sides changed to different things", () => {
    const mine = { ...base, channel: "2", types: ["rerun"], mention: { kind: "here" } };
    const theirs = { ...base, channel: "3", types: ["rerun"] };
    const { value, conflict } = merge(base, mine, theirs);
    expect(conflict?.fields).toEqual(["channel"]);
    expect(value).toEqual(mine);
    expect(conflict?.theirs).toBe(theirs);
  });

  it("takes objects with the same keys in another order as the same", () => {
    const before = { role: { kind: "role", id: "1" } };
    const theirs = { role: { id: "1", kind: "role" } };
    expect(merge(before, { role: { kind: "role", id: "2" } }, theirs).conflict).toBeNull();
  });

  it("takes over fields that are new to one side", () => {
    const before: { a: number; b?: number } = { a: 1 };
    expect(merge(before, { a: 1 }, { a: 1, b: 2 }).value).toEqual({ a: 1, b: 2 });
    expect(merge(before, { a: 1, b: 3 }, { a: 1 }).value).toEqual({ a: 1, b: 3 });
  });
});
