import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isAddress, parseName, splitNames } from "./names";

const file = readFileSync("../testdata/pasted-channels.json", "utf8");
const { cases }: { cases: [string, string][] } = JSON.parse(file);

describe("parseName", () => {
  it("has all its cases", () => {
    expect(cases.length).toBeGreaterThanOrEqual(100);
  });

  it.each(cases)("%j means %s", (text, meaning) => {
    const pasted = parseName(text);
    expect("login" in pasted ? pasted.login : `<${pasted.not}>`).toBe(meaning);
  });
});

it.each([
  ["twitch.tv/ana", true],
  ["twitch.tv/", true],
  ["<https://twitch.tv/videos/1>", true],
  ["https://evil.example/ana", true],
  ["ana", false],
  ["a/b", false],
  ["ana.", false],
])("whether %s is an address: %s", (text, expected) => {
  expect(isAddress(text)).toBe(expected);
});

it("a pasted list names everybody once", () => {
  const list =
    "ana, bruno_plays;\nhttps://twitch.tv/ana\n\n  @chiyo  what?!\t [Nova, live](https://twitch.tv/nova),nova";
  const names = ["https://twitch.tv/ana", "bruno_plays", "@chiyo", "what?!", "nova"];
  expect(splitNames(list)).toEqual(names);
});
