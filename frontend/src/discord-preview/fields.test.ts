import { expect, it } from "vitest";
import { fieldColumns } from "./fields";

const row = (shape: string) => {
  const fields = Array.from(shape, (letter) => ({ inline: letter === "i" }));
  return fieldColumns(fields)
    .map(([start, end]) => `${start}-${end}`)
    .join(" ");
};

it.each([
  ["", ""],
  ["b", "1-13"],
  ["i", "1-13"],
  ["ii", "1-7 7-13"],
  ["iii", "1-5 5-9 9-13"],
  ["iiii", "1-5 5-9 9-13 1-13"],
  ["iiiii", "1-5 5-9 9-13 1-7 7-13"],
  ["ibii", "1-13 1-13 1-7 7-13"],
  ["iibiii", "1-7 7-13 1-13 1-5 5-9 9-13"],
])("fields %s stand in columns %s", (shape, columns) => {
  expect(row(shape)).toBe(columns);
});
