import { describe, expect, it } from "vitest";
import { openBlock, openTag, tokenize } from "./tokens";

const tokens = (source: string) => tokenize(source).map(({ kind, text }) => `${kind} ${text}`);

describe("tokenize", () => {
  it("tells variables, filters and arguments apart", () => {
    expect(tokens('a { title | truncate:80 | default:"x|y" } b')).toEqual([
      "brace {",
      "variable title",
      "filter truncate",
      "argument 80",
      "filter default",
      'argument "x|y"',
      "brace }",
    ]);
  });

  it("knows blocks and doubled braces", () => {
    expect(tokens("{{x}}{#if game}a{:else}b{/if}")).toEqual([
      "escape {{",
      "escape }}",
      "brace {",
      "keyword #if",
      "variable game",
      "brace }",
      "brace {",
      "keyword :else",
      "brace }",
      "brace {",
      "keyword /if",
      "brace }",
    ]);
  });

  it("counts characters", () => {
    expect(tokenize("🎮{title}")[1]).toEqual({ kind: "variable", start: 2, end: 7, text: "title" });
  });

  it.each([
    ["{title", ["brace {"]],
    ["{a{title}", ["brace {", "brace {", "variable title", "brace }"]],
    ["}", ["brace }"]],
    ["{}", ["brace {", "brace }"]],
    ["{|upper}", ["brace {", "filter upper", "brace }"]],
    ["{title|}", ["brace {", "variable title", "brace }"]],
  ])("bears with %s", (source, expected) => {
    expect(tokens(source)).toEqual(expected);
  });
});

describe("openTag", () => {
  it.each([
    ["Hi {ti", "ti"],
    ["{title} {", ""],
    ["{title|tr", "title|tr"],
    ["{#if ", "#if "],
    ["{a{ga", "ga"],
    ["no tag", undefined],
    ["{title}", undefined],
    ["{{ti", undefined],
    ['{title|default:"ab', undefined],
    ['{title|default:"ab"|', 'title|default:"ab"|'],
  ])("%s", (before, inner) => {
    expect(openTag(before)).toBe(inner);
  });
});

describe("openBlock", () => {
  it.each([
    ["{#if title}", "if"],
    ["{#if title}{#unless game}x{/unless}", "if"],
    ["{#if title}{:else}{#unless game}", "unless"],
    ["{#if title}{/if}", undefined],
    ["{/if}", undefined],
  ])("%s", (before, block) => {
    expect(openBlock(before)).toBe(block);
  });
});
