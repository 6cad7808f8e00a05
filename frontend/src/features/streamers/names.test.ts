import { describe, expect, it } from "vitest";
import { isAddress, loginOf, splitNames } from "./names";

describe("loginOf", () => {
  it.each([
    "ana_live",
    "Ana_Live",
    "@ana_live",
    "  ana_live\n",
    "twitch.tv/ana_live",
    "https://www.twitch.tv/ana_live",
    "https://m.twitch.tv/ana_live?x=1",
    "http://twitch.tv/ana_live/videos",
    "ana\u200b_live\u202c",
    "\ufeffana_live",
  ])("finds the login in %j", (text) => {
    expect(loginOf(text)).toBe("ana_live");
  });

  it.each([
    "",
    "@",
    "https://evil.example/ana",
    "ana-live",
    "аna",
    "twitch.tv/",
    "a/b",
    "x".repeat(26),
    "<script>",
    "https://twitch.tv.evil.example/ana",
  ])("finds none in %j", (text) => {
    expect(loginOf(text)).toBeNull();
  });
});

it("only addresses of a channel are addresses", () => {
  expect(isAddress("twitch.tv/ana")).toBe(true);
  expect(isAddress("twitch.tv/")).toBe(false);
  expect(isAddress("ana")).toBe(false);
});

it("a pasted list names everybody once", () => {
  const list = "ana, bruno_plays;\nhttps://twitch.tv/ana\n\n  @chiyo  what?!\t";
  expect(splitNames(list)).toEqual(["https://twitch.tv/ana", "bruno_plays", "@chiyo", "what?!"]);
});
