import { expect, test } from "vitest";
import { complete, inUse } from "./rules";

test("what is left out is empty", () => {
  expect(inUse(complete(null))).toEqual([]);
  expect(inUse(complete({ title: { contains: [] } }))).toEqual([]);
});

test("each rule in use is told with what it asks for", () => {
  const rules = complete({
    categories: { only: [{ id: "1", name: "Celeste" }, { id: "2" }] },
    title: { pattern: "^any" },
    least_viewers: 5,
  });
  expect(inUse(rules)).toEqual([
    ["categories.only", ["Celeste", "2"]],
    ["title.pattern", "^any"],
    ["least_viewers", 5],
  ]);
});
