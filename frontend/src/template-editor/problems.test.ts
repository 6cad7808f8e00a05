import { describe, expect, it } from "vitest";
import { diagnosticsOf, problemsOf } from "./problems";
import { createWords } from "./testing";

const words = await createWords();
const t = words.getFixedT("en", "editor");
const german = words.getFixedT("de", "editor");
const NONE = { errors: [], source: "" };
const messages = (source: string, language = t) =>
  problemsOf(source, NONE, language).map(({ message }) => message);

describe("problemsOf", () => {
  it.each([
    ["{gmae}", "There is no {gmae}. Did you mean {game}?"],
    [
      "{nothing}",
      "There is no {nothing}. Choose one of the listed variables, or write {{ for a brace.",
    ],
    ["{title|uper}", "There is no filter uper. Did you mean upper?"],
    ["{title|shout}", "There is no filter shout. Use truncate, upper, lower or default."],
    ["{title|truncate}", "The filter truncate needs a length from 1 to 4000, as in truncate:80."],
    ["{title|default}", 'The filter default needs a text in quotes, as in default:"something".'],
    ["{title|upper:1}", "The filter upper takes no argument."],
    ["{#each x}", "There is no {#each x}. Use #if, #unless or :else."],
    ["{title", "This brace is not closed. Close it, or write {{ for a brace."],
    ["}", "This brace closes nothing. Write }} for a brace."],
    ["{#if title}", "{#if} has no end. Add {/if}."],
    ["{/if}", "{/if} closes nothing that is open here."],
    ["x".repeat(4001), "A template has 4,000 characters at most."],
  ])("%s", (source, message) => {
    expect(messages(source)).toEqual([message]);
  });

  it("speaks German", () => {
    expect(messages("{gmae} {/if} }", german)).toEqual([
      "{gmae} gibt es nicht. Ist {game} gemeint?",
      "{/if} schließt nichts, was hier offen ist.",
      "Diese Klammer schließt nichts. }} ergibt eine einzelne Klammer.",
    ]);
  });

  it("counts as the editor does, not as the API", () => {
    expect(problemsOf("🎮🎮{gmae}", NONE, t)).toMatchObject([
      { from: 5, to: 9, fix: { from: 5, to: 9, replaces: "gmae", insert: "game" } },
    ]);
  });

  it("fixes the name of a filter only", () => {
    expect(problemsOf("{title|truncat:5}", NONE, t)).toMatchObject([
      { from: 7, to: 16, fix: { from: 7, to: 14, insert: "truncate" } },
    ]);
  });
});

describe("what the server reports", () => {
  const span = { start: 1, end: 3, line: 1, column: 2 };
  const error = { code: "new_rule", message: "Not so.", span };

  it("stands beside our own, at its place", () => {
    const found = problemsOf("🎮ab{nope}", { errors: [error], source: "🎮ab{nope}" }, t);
    expect(found).toMatchObject([
      { code: "unknown_variable" },
      { code: "new_rule", message: "Not so.", from: 2, to: 4 },
    ]);
  });

  it("is about the whole text without a place", () => {
    const whole = { code: "invalid", message: "No.", span: null };
    expect(problemsOf("abc", { errors: [whole], source: "abc" }, t)).toMatchObject([
      { from: 0, to: 3 },
    ]);
  });

  it("is not said twice", () => {
    const known = { code: "unknown_variable", message: "there is no {nope}", span };
    expect(problemsOf("{nope}", { errors: [known], source: "{nope}" }, t)).toHaveLength(1);
  });

  it("is over once the text is another", () => {
    expect(problemsOf("abcd", { errors: [error], source: "abc" }, t)).toEqual([]);
  });
});

it("diagnostics offer the fix as an action", () => {
  const [diagnostic] = diagnosticsOf(problemsOf("{gmae}", NONE, t), t);
  expect(diagnostic).toMatchObject({
    from: 1,
    to: 5,
    severity: "error",
    actions: [{ name: "Replace with game" }],
  });
});
