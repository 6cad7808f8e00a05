import { expect, test } from "vitest";
import { choiceOf, optedOutBy, wantsOf } from "./choice";

test("a choice survives the way to the API and back", () => {
  for (const choice of ["server", "ping", "mute"] as const) {
    expect(choiceOf(wantsOf(choice))).toBe(choice);
  }
});

test("nothing chosen is the server's choice", () => {
  expect([choiceOf(null), choiceOf(undefined)]).toEqual(["server", "server"]);
});

test("only turning off counts as turned off", () => {
  expect(optedOutBy(null, false)).toBe(1);
  expect(optedOutBy(false, true)).toBe(-1);
  expect(optedOutBy(false, null)).toBe(-1);
  expect(optedOutBy(false, false)).toBe(0);
  expect(optedOutBy(true, null)).toBe(0);
});
