import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { contrast, customColors } from "../test/contrast";

const css = readFileSync("src/template-editor/template-editor.module.css", "utf8");
const blocks = Array.from(css.matchAll(/\{([^}]*--te-text:[^}]*)\}/g), ([, block = ""]) => block);
const SCHEMES = [
  { name: "light", colors: customColors(blocks[0] ?? "", "te"), grounds: ["#ffffff", "#f8f9fa"] },
  {
    name: "dark",
    colors: customColors(blocks[1] ?? "", "te"),
    grounds: ["#1a1b1e", "#242424", "#2e2e2e"],
  },
];
const TEXTS = [
  "text",
  "muted",
  "brace",
  "variable",
  "keyword",
  "filter",
  "argument",
  "error",
  "near",
];

describe.each(SCHEMES)("$name", ({ colors, grounds }) => {
  const color = (name: string) => colors.get(name) ?? `no colour ${name}`;

  it.each(TEXTS)("%s can be read on every ground, selected or not", (text) => {
    for (const ground of [...grounds, color("selection")]) {
      // What is selected keeps at least the contrast that large text needs.
      const least = ground === color("selection") ? 3 : 4.5;
      expect(contrast(color(text), [ground])).toBeGreaterThanOrEqual(least);
    }
  });

  it("what is chosen can be read, and the focus seen", () => {
    expect(contrast(color("chosen-text"), [color("chosen")])).toBeGreaterThanOrEqual(4.5);
    for (const ground of grounds) {
      expect(contrast(color("focus"), [ground])).toBeGreaterThanOrEqual(3);
    }
  });
});
