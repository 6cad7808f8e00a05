import { expect, test } from "vitest";
import { count, matching, narrowed } from "./filter";

const guild = (id: string, name: string) => ({
  id,
  name,
  owner: false,
  streamers: 0,
  live: 0,
  degraded: 0,
});

const all = [guild("1", "Ana's Corner"), guild("22", "Café Ölçü"), guild("333", "Speedrun Guild")];
const names = (filter: string) => matching(all, filter).map(({ name }) => name);

test("no filter keeps every server", () => {
  expect(matching(all, "  ")).toHaveLength(3);
});

test("small letters and missing accents find a name", () => {
  expect(names("cafe olcu")).toEqual(["Café Ölçü"]);
});

test("words count in any order", () => {
  expect(names("guild speed")).toEqual(["Speedrun Guild"]);
});

test("an id that was pasted finds its server", () => {
  expect(names(" 22 ")).toEqual(["Café Ölçü"]);
});

test("characters of patterns are just characters", () => {
  expect(names(".*(")).toEqual([]);
});

test("groups are narrowed one by one", () => {
  const groups = { ready: all, can_add: [], no_permission: all.slice(0, 1) };
  expect(count(groups)).toBe(4);
  expect(count(narrowed(groups, "ana"))).toBe(2);
});
