import { expect, it } from "vitest";
import { changed, MAX_FAVORITES, type Change } from "./favorites";

const play = (ids: string[], ...changes: Change[]) =>
  changes.reduce<readonly string[]>(changed, ids).join("");

it("adds each once, at its place or at the end", () => {
  expect(play(["a", "b"], { type: "add", id: "c" }, { type: "add", id: "a" })).toBe("abc");
  expect(play(["a", "b"], { type: "add", id: "c", at: 1 })).toBe("acb");
  expect(play(["a"], { type: "add", id: "c", at: 9 })).toBe("ac");
  const full = Array.from({ length: MAX_FAVORITES }, (_, n) => String(n));
  expect(changed(full, { type: "add", id: "x" })).toBe(full);
});

it("removes and brings back at the same place", () => {
  expect(play(["a", "b", "c"], { type: "remove", id: "b" })).toBe("ac");
  expect(play(["a", "b", "c"], { type: "remove", id: "b" }, { type: "add", id: "b", at: 1 })).toBe(
    "abc",
  );
  expect(play(["a"], { type: "remove", id: "x" })).toBe("a");
});

it("moves by one, and not beyond the ends or what is gone", () => {
  expect(play(["a", "b", "c"], { type: "move", id: "c", by: -1 })).toBe("acb");
  expect(play(["a", "b", "c"], { type: "move", id: "a", by: 1 })).toBe("bac");
  expect(play(["a", "b"], { type: "move", id: "a", by: -1 })).toBe("ab");
  expect(play(["a", "b"], { type: "move", id: "b", by: 1 }, { type: "move", id: "x", by: 1 })).toBe(
    "ab",
  );
});
