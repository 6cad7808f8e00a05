import { expect, it } from "vitest";
import de from "./locale/de.json";
import en from "./locale/en.json";

/** Every text of a file with its key. */
function texts(value: unknown, key = ""): [string, string][] {
  if (typeof value === "string") return [[key, value]];
  return Object.entries(Object(value)).flatMap(([name, inner]) => texts(inner, `${key}.${name}`));
}

/** The places that are filled in, by key. */
const places = (file: unknown) =>
  Object.fromEntries(texts(file).map(([key, text]) => [key, text.match(/\{\{\w+\}\}/g) ?? []]));

it("German has every text, with the same places to fill in", () => {
  expect(places(de)).toEqual(places(en));
  expect(texts(de).every(([, text]) => text.trim() !== "")).toBe(true);
});
