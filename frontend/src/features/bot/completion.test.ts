import { describe, expect, test } from "vitest";
import { candidates, complete, insert, openVariable, type Variable } from "./completion";

const variable = (name: string, example = `{${name}}`): Variable => ({ name, example, about: "" });
const TOUSER = variable("touser");
const ARG = variable("arg", "{arg 1}");

/** A text whose cursor is at the bar. */
const at = (marked: string) => ({ text: marked.replace("|", ""), cursor: marked.indexOf("|") });
const shown = ({ text, cursor }: { text: string; cursor: number }) =>
  `${text.slice(0, cursor)}|${text.slice(cursor)}`;

describe("a variable that is begun", () => {
  test.each([
    ["Hi {|", ""],
    ["Hi {to|", "to"],
    ["{#if ga|", "ga"],
    ["{{{to|", "to"],
    ["Hi |", null],
    ["{{to|", null],
    ["{user} and|", null],
    ["{user|", "user"],
  ])("in %s is %s", (marked, word) => {
    const { text, cursor } = at(marked);
    expect(openVariable(text, cursor)?.word ?? null).toBe(word);
  });

  test("is looked for by its beginning", () => {
    expect(candidates([TOUSER, ARG], "TO")).toEqual([TOUSER]);
    expect(candidates([TOUSER, ARG], "")).toEqual([TOUSER, ARG]);
  });
});

describe("completion", () => {
  test.each([
    ["Hi {to|", TOUSER, "Hi {touser}|"],
    ["Hi {to|}!", TOUSER, "Hi {touser}|!"],
    ["{to|user}", TOUSER, "{touser}|"],
    ["{to||upper}", TOUSER, "{touser||upper}"],
    ["{#if ar|", ARG, "{#if arg}|"],
    ["{a|", ARG, "{arg 1}|"],
    ["Hi |!", TOUSER, "Hi {touser}|!"],
  ])("of %s", (marked, chosen, expected) => {
    const { text, cursor } = at(marked);
    expect(shown(complete(text, cursor, chosen))).toBe(expected);
  });

  test("takes the place of what is selected", () => {
    expect(insert("Hi you!", 3, 6, TOUSER)).toEqual({ text: "Hi {touser}!", cursor: 11 });
  });
});
