import { describe, expect, it } from "vitest";
import type { Node } from "./ast";
import { parseMarkdown } from "./markdown";
import { FIXTURES } from "./markdown.fixtures";
import type { Place } from "./rules";

/** A tree as a line of text: `bold(a)`, `link[url](text)`. */
function show(nodes: readonly Node[]): string {
  return nodes.map(showNode).join("");
}

function showNode(node: Node): string {
  switch (node.type) {
    case "text":
      return node.text;
    case "code":
      return `code(${node.text})`;
    case "codeBlock":
      return `block[${node.language ?? ""}](${node.text})`;
    case "link":
      return `link[${node.url}${node.title ? ` "${node.title}"` : ""}](${show(node.children)})`;
    case "mention":
      return `${node.kind}(${node.id})`;
    case "emoji":
      return `emoji[${node.animated ? "a:" : ""}${node.id}](${node.name})`;
    case "timestamp":
      return `time[${node.style}](${node.seconds})`;
    case "heading":
      return `h${node.level}(${show(node.children)})`;
    case "list": {
      const items = node.items.map((item) => `li(${show(item)})`).join("");
      return node.ordered ? `ol[${node.start}](${items})` : `ul(${items})`;
    }
    default:
      return `${node.type}(${show(node.children)})`;
  }
}

const HOSTILE = [
  "||",
  "`",
  "~",
  "\\",
  "> ",
  "> > ",
  "> - # ",
  "- ",
  "*a ",
  " *x _y",
  "||a",
  "[a](",
  "[a](http://",
  "```a",
  "<t:",
  "**a ~~b ||c __d _e *f ",
  "http://x.y/*_~~",
  "- ```\n",
];
const PIECES = "*,_,**,~~,||,`,```,[,](,),> ,\n,- ,a, ,https://x.y,<,\\".split(",");

/** Numbers that look random and are always the same. */
function lehmer(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647);
}

const parsed = (text: string, place: Place = "content") => show(parseMarkdown(text, place));

describe.each(Object.entries(FIXTURES))("%s", (_, cases) => {
  it.each(cases)("%j", (text, tree) => {
    expect(parsed(text)).toBe(tree);
  });
});

it.each(["t", "T", "d", "D", "f", "F", "s", "S", "R"])("knows the time style %s", (style) => {
  expect(parsed(`<t:1:${style}>`)).toBe(`time[${style}](1)`);
});

describe("places", () => {
  const everything = "**a** `b` <@5> @here [c](https://x.example) https://y.example <t:1:R>";

  it.each<[Place, string]>([
    [
      "description",
      "bold(a) code(b) user(5) here() link[https://x.example](c) link[https://y.example](https://y.example) time[R](1)",
    ],
    ["title", "bold(a) code(b) <@5> @here [c](https://x.example) https://y.example time[R](1)"],
    ["fieldName", "bold(a) code(b) <@5> @here [c](https://x.example) https://y.example time[R](1)"],
    ["plain", everything],
  ])("%s", (place, tree) => {
    expect(parsed(everything, place)).toBe(tree);
  });

  it.each<[Place, string]>([
    ["fieldValue", "h1(a)ul(li(b))quote(c)"],
    ["title", "# a\n- b\n> c"],
    ["fieldName", "# a\n- b\n> c"],
    ["plain", "# a\n- b\n> c"],
  ])("%s takes blocks or does not", (place, tree) => {
    expect(parsed("# a\n- b\n> c", place)).toBe(tree);
  });

  it("a title has no code block", () => {
    expect(parsed("```a```", "title")).toBe("code(a)");
  });
});

/** How deep nodes stand in each other. */
function depth(nodes: readonly Node[]): number {
  return Math.max(0, ...nodes.map((node) => 1 + Math.max(0, ...childrenOf(node).map(depth))));
}

function childrenOf(node: Node): readonly (readonly Node[])[] {
  if (node.type === "list") return node.items;
  return "children" in node ? [node.children] : [];
}

/** Everything of the source that a tree still has. */
function letters(nodes: readonly Node[]): string {
  return nodes
    .map((node) => {
      const own = "text" in node ? node.text : "";
      const language = node.type === "codeBlock" ? (node.language ?? "") : "";
      return language + own + childrenOf(node).map(letters).join("");
    })
    .join("");
}

const long = (part: string) => part.repeat(Math.ceil(4000 / part.length)).slice(0, 4000);
const countLetters = (shown: string) => shown.replaceAll(/[^a]/g, "").length;

describe("hostile input", () => {
  it.each(["*", "[", ">", "_", "<", "h", "@", "(", "#", "-", "!", "https:"])(
    "4,000 characters of %j are text",
    (part) => {
      expect(parsed(long(part)) === long(part)).toBe(true);
    },
  );

  it.each(HOSTILE)("4,000 characters of %j end, and not deep", (part) => {
    expect(depth(parseMarkdown(long(part), "content"))).toBeLessThan(12);
  });

  it("lists stop nesting", () => {
    const lines = Array.from({ length: 60 }, (_, indent) => `${" ".repeat(indent)}- a`);
    expect(depth(parseMarkdown(lines.join("\n"), "content"))).toBe(12);
  });

  it("no letter is lost or doubled, whatever stands around it", () => {
    const random = lehmer(7);
    for (let round = 0; round < 500; round += 1) {
      const text = Array.from({ length: 40 }, () => PIECES[random() % PIECES.length]).join("");
      const left = countLetters(letters(parseMarkdown(text, "content")));
      expect({ text, left }).toEqual({ text, left: countLetters(text) });
    }
  });
});
