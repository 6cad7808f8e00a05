import { describe, expect, it } from "vitest";
import { measure, parts, type Part } from "./text";

describe("a text's size", () => {
  it.each([
    ["", 0, "empty"],
    [" \n ", 0, "empty"],
    ["  hi ", 2, null],
    ["a".repeat(500), 500, null],
    ["a".repeat(501), 501, "tooLong"],
    ["ä".repeat(500), 500, null],
    // One on the screen, five code points, eighteen bytes.
    ["👩‍👩‍👧".repeat(100), 500, null],
    ["😀".repeat(500), 500, null],
    ["😀".repeat(501), 501, "tooLong"],
    ["z\u0301\u20dd\u20dd".repeat(120), 480, null],
    ["x\n".repeat(20), 39, null],
    ["x\n".repeat(21), 41, "tooManyLines"],
  ])("of %j is counted as the server counts it", (text, chars, fault) => {
    expect(measure(text)).toEqual({ chars, fault });
  });
});

/** A text's parts as one line: links in angle brackets, mentions in square ones. */
const shown = (text: string, names: string[] = []) =>
  parts(text, names)
    .map((part: Part) => {
      if (part.kind === "link") return `<${part.text}>`;
      return part.kind === "mention" ? `[${part.text}]` : part.text;
    })
    .join("");

describe("links", () => {
  it.each([
    ["see https://example.com/a?b=c#d.", "see <https://example.com/a?b=c#d>."],
    ["(https://example.com)", "(<https://example.com>)"],
    ["https://en.wikipedia.org/wiki/A_(b)", "<https://en.wikipedia.org/wiki/A_(b)>"],
    ["HTTP://EXAMPLE.COM!", "<HTTP://EXAMPLE.COM>!"],
    ["a https://a.b, https://c.d", "a <https://a.b>, <https://c.d>"],
  ])("are found in %j", (text, wanted) => {
    expect(shown(text)).toBe(wanted);
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "https://",
    "https://twitch.tv@evil.example",
    "<img src=x onerror=alert(1)>",
    "jhttps",
  ])("are not made of %j", (text) => {
    expect(shown(text)).toBe(text);
  });

  it("lead where a browser would go", () => {
    expect(parts("https://EXAMPLE.com/ä", [])).toEqual([
      { kind: "link", text: "https://EXAMPLE.com/ä", href: "https://example.com/%C3%A4" },
    ]);
  });
});

describe("mentions", () => {
  it.each([
    ["hi @Ada!", "hi [@Ada]!"],
    ["@ada", "[@ada]"],
    ["@Ada Lovelace", "[@Ada Lovelace]"],
    ["@Adam", "@Adam"],
    ["mail@Ada", "mail@Ada"],
    ["https://x.y/@Ada", "<https://x.y/@Ada>"],
    ["@(x)|.*", "[@(x)|.*]"],
    ["@nobody", "@nobody"],
  ])("in %j are those of people who are here", (text, wanted) => {
    expect(shown(text, ["Ada", "Ada Lovelace", "(x)|.*"])).toBe(wanted);
  });
});
