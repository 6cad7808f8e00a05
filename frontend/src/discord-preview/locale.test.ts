import { expect, it } from "vitest";
import { placesByKey, texts } from "../test/texts";
import de from "./locale/de.json";
import en from "./locale/en.json";

it("German has every text, with the same places to fill in", () => {
  expect(placesByKey(de)).toEqual(placesByKey(en));
  expect(texts(de).every(([, text]) => text.trim() !== "")).toBe(true);
});
