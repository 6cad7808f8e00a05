import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { contrast, customColors } from "../test/contrast";

const css = readFileSync("src/discord-preview/discord-preview.module.css", "utf8");

/** The colours of a scheme, by name. */
function palette(scheme: string): Map<string, string> {
  const [, block = ""] = new RegExp(`\\.${scheme} \\{([^}]*)\\}`).exec(css) ?? [];
  return customColors(block, "dp");
}

function ratio(scheme: string, text: string, grounds: string[]): number {
  const colors = palette(scheme);
  const color = (name: string) => colors.get(name) ?? `no colour ${name} in ${scheme}`;
  return contrast(color(text), grounds.map(color));
}

const GROUNDS = ["ground", "embed"];
const TEXTS: [string, string[]][] = [
  ...GROUNDS.flatMap((ground): [string, string[]][] => [
    ["text", [ground]],
    ["strong", [ground]],
    ["muted", [ground]],
    ["link", [ground]],
    ["mention", [ground, "mention-ground"]],
    ["mention", [ground, "spoiler-shown", "mention-ground"]],
    ["text", [ground, "time-ground"]],
    ["text", [ground, "spoiler-shown"]],
    ["link", [ground, "spoiler-shown"]],
    ["text", [ground, "spoiler-shown", "time-ground"]],
  ]),
  ["text", ["code"]],
  ["strong", ["code"]],
  ["link", ["code"]],
  ["text", ["embed-code"]],
  ["strong", ["embed-code"]],
  ["link", ["embed-code"]],
  ["muted", ["code"]],
  ["muted", ["embed-code"]],
  ["tag-text", ["tag"]],
  ["button-text", ["button"]],
];
/** What is no text but has to be seen. */
const SHAPES: [string, string[]][] = GROUNDS.flatMap((ground): [string, string[]][] => [
  ["spoiler", [ground]],
  ["focus", [ground]],
]);

describe.each(["dark", "light"])("%s", (scheme) => {
  it.each(TEXTS)("text %s on %j can be read", (text, grounds) => {
    expect(ratio(scheme, text, grounds)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SHAPES)("%s on %j can be seen", (shape, grounds) => {
    expect(ratio(scheme, shape, grounds)).toBeGreaterThanOrEqual(3);
  });

  it("has every colour that the rules name", () => {
    const used = new Set(Array.from(css.matchAll(/var\(--dp-([\w-]+)\)/g), ([, name]) => name));
    expect(new Set(palette(scheme).keys())).toEqual(used);
  });
});

it("no colour stands outside of the schemes", () => {
  const rules = css.replaceAll(/\.(?:dark|light) \{[^}]*\}/g, "");
  expect(rules.match(/#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(/gi)).toBeNull();
});
