import { describe, expect, it } from "vitest";
import { describeError } from "./errors";
import { findProblems, parseLeniently, parseTemplate, variablesOf } from "./parse";
import { render } from "./render";

const problems = (source: string) =>
  findProblems(source).map(({ code, span }) => `${code} ${span.start}..${span.end}`);
const words = (source: string) => findProblems(source).map(describeError);
const leniently = (source: string) =>
  render(parseLeniently(source), { title: { text: "T" }, game: { text: "G" } }, "plain");

describe("the tree", () => {
  it("has the place of every part", () => {
    const parsed = parseTemplate("🎮 {title|upper}{#if game}a{:else}b{/if}");
    expect(parsed).toEqual({
      ok: true,
      template: {
        nodes: [
          { kind: "text", text: "🎮 ", start: 0, end: 2 },
          { kind: "value", variable: "title", filters: [{ kind: "upper" }], start: 2, end: 15 },
          {
            kind: "choice",
            variable: "game",
            set: [{ kind: "text", text: "a", start: 25, end: 26 }],
            unset: [{ kind: "text", text: "b", start: 33, end: 34 }],
            start: 15,
            end: 39,
          },
        ],
      },
    });
  });

  it("swaps the branches of unless", () => {
    const parsed = parseTemplate("{#unless game}a{:else}b{/unless}");
    expect(parsed).toMatchObject({
      template: { nodes: [{ set: [{ text: "b" }], unset: [{ text: "a" }] }] },
    });
  });

  it("names its variables, those of blocks too", () => {
    const parsed = parseTemplate("{title}{#if game}{url}{:else}{title}{/if}");
    expect(parsed.ok && [...variablesOf(parsed.template)]).toEqual(["title", "game", "url"]);
  });
});

describe("places", () => {
  it("count characters, not UTF-16 units", () => {
    expect(findProblems("👩‍💻\n🎮{nope}")[0]?.span).toEqual({
      start: 6,
      end: 10,
      line: 2,
      column: 3,
    });
  });

  it.each([
    ["{ nope }", 2, 6],
    ["{ }", 2, 2],
    ["{#if}x{/if}", 4, 4],
    ["{title| shout : 3 }", 8, 17],
  ])("leave out the space around: %s", (source, start, end) => {
    expect(findProblems(source)[0]?.span).toMatchObject({ start, end });
  });
});

describe("arguments", () => {
  it.each(["truncate:+5", "truncate: 0005 ", "truncate:4000"])("%s is a length", (filter) => {
    expect(problems(`{title|${filter}}`)).toEqual([]);
  });

  it.each([
    "truncate:4001",
    "truncate:-5",
    "truncate:5.0",
    "truncate:1e2",
    "truncate:٣",
    "truncate:",
  ])("%s is none", (filter) => {
    expect(problems(`{title|${filter}}`)).toEqual([`bad_argument 7..${7 + filter.length}`]);
  });

  it.each(['default:"', 'default:""x', 'default:"a"b"', "default", 'default:"a" "'])(
    "%s is no text",
    (filter) => {
      expect(parseTemplate(`{title|${filter}}`).ok).toBe(false);
    },
  );

  it("white space is what Rust calls so", () => {
    expect(parseTemplate("{\u0085title\u00A0}").ok).toBe(true);
    expect(parseTemplate("{\uFEFFtitle}").ok).toBe(false);
  });
});

describe("suggestions", () => {
  it.each([
    ["{gmae}", "game"],
    ["{tittle}", "title"],
    ["{Title}", "title"],
    ["{stream_id}", undefined],
    ["{#if viewer}x{/if}", "viewers"],
    ["{title|uper}", "upper"],
    ["{title|shorten}", undefined],
    ["{completely_different}", undefined],
  ])("%s: %s", (source, suggestion) => {
    const found = findProblems(source)[0]?.suggestion;
    expect(found).toBe(source === "{stream_id}" ? "streamer_id" : suggestion);
  });
});

describe("recovery", () => {
  it("finds several problems, first the one that the API reports", () => {
    expect(problems("{nope} {title|shout|truncate} } {")).toEqual([
      "unknown_variable 1..5",
      "unknown_filter 14..19",
      "bad_argument 20..28",
      "stray_brace 30..31",
      "unclosed_brace 32..33",
    ]);
  });

  it("goes on in a block whose variable is unknown", () => {
    expect(problems("{#if nope}a{:else}b{/if}")).toEqual(["unknown_variable 5..9"]);
  });

  it("excuses the end of a block that does not exist", () => {
    expect(problems("{#each title}a{/each}")).toEqual(["unknown_block 1..12"]);
  });

  it("reports open blocks, the innermost first", () => {
    expect(problems("{#if title}{#unless game}")).toEqual([
      "unclosed_block 11..25",
      "unclosed_block 0..11",
    ]);
  });

  it("stops at twenty problems", () => {
    expect(problems("{".padEnd(3999, " {"))).toHaveLength(20);
  });

  it.each([
    ["{nope} {title}", "{nope} T"],
    ["{title", "{title"],
    ["a } b", "a } b"],
    ["{#if title}x", "x"],
    ["{#if nope}x{:else}y{/if}", "x"],
    ["{title|shout} {/if}", "{title|shout} {/if}"],
    ["x".repeat(4001), "x".repeat(4001)],
  ])("reads %s leniently", (source, text) => {
    expect(leniently(source)).toBe(text);
  });

  it.each([
    "{".repeat(4000),
    "}".repeat(3999),
    '{"'.repeat(2000),
    '{title|default:"\\'.repeat(230),
    "{#if title}".repeat(363),
    "{title|".repeat(571),
    `{title${"|upper".repeat(660)}}`,
    "{/if}".repeat(800),
  ])("ends on hostile input %#", (source) => {
    expect(findProblems(source).length).toBeLessThanOrEqual(400);
    expect(parseLeniently(source).nodes.length).toBeLessThanOrEqual(4000);
  });
});

describe("descriptions", () => {
  it("are those of the API", () => {
    expect(
      words("{gmae}{nothing}{title|shout}{title|truncate}{game|default}{title|upper:1}"),
    ).toEqual([
      "there is no {gmae}: did you mean {game}?",
      "there is no {nothing}: choose one of the listed variables, or write {{ for a brace",
      "there is no filter `shout`: use truncate, upper, lower or default",
      "`truncate` needs a length from 1 to 4000, as in truncate:80",
      '`default` needs a text in quotes, as in default:"something"',
      "`upper` needs no argument",
    ]);
    expect(words("{#each x}{:x}} {/if}{#if title}{")).toEqual([
      "there is no {#each x}: use {#if …}, {#unless …} or {:else}",
      "there is no {:x}: use {#if …}, {#unless …} or {:else}",
      "this } has no {: write }} for a brace",
      "{/if} closes nothing that is open here",
      "this { has no }: close it, or write {{ for a brace",
      "this {#if} has no end: add {/if}",
    ]);
    expect(words("{#if title}".repeat(17))[0]).toBe(
      "blocks may stand 16 deep in each other, not deeper",
    );
    expect(words("x".repeat(4001))).toEqual(["a template has 4000 characters at most"]);
  });
});
