import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/discord-preview/discord-preview.module.css", "utf8");
type Rgb = [number, number, number];

/** The colours of a scheme, by name; each with its opacity. */
function palette(scheme: string): Map<string, { rgb: Rgb; alpha: number }> {
  const [, block = ""] = new RegExp(`\\.${scheme} \\{([^}]*)\\}`).exec(css) ?? [];
  const entries = block.matchAll(/--dp-([\w-]+): #([0-9a-f]{6})([0-9a-f]{2})?;/g);
  return new Map(
    Array.from(entries, ([, name = "", hex = "", alpha = "ff"]) => [
      name,
      { rgb: toRgb(hex), alpha: Number.parseInt(alpha, 16) / 255 },
    ]),
  );
}

function toRgb(hex: string): Rgb {
  const part = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [part(0), part(2), part(4)];
}

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

function contrast(a: Rgb, b: Rgb): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** The ratio of a text on grounds that lie on each other, the lowest first. */
function ratio(scheme: string, text: string, grounds: string[]): number {
  const colors = palette(scheme);
  const color = (name: string) => {
    const found = colors.get(name);
    if (!found) throw new Error(`no colour ${name} in ${scheme}`);
    return found;
  };
  const ground = grounds.map(color).reduce<Rgb>(
    (below, { rgb, alpha }) => {
      const mix = (at: 0 | 1 | 2) => rgb[at] * alpha + below[at] * (1 - alpha);
      return [mix(0), mix(1), mix(2)];
    },
    [0, 0, 0],
  );
  return contrast(color(text).rgb, ground);
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
