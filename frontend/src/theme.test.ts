import { DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from "@mantine/core";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { theme } from "./theme";

type Rgb = [number, number, number];
type Scheme = "dark" | "light";

const COLORS = "red pink grape violet indigo blue cyan green lime yellow orange teal".split(" ");
const SURFACES = [
  "--mantine-color-body",
  "--surface",
  "--surface-raised",
  "--mantine-color-default",
];
const AA = 4.5;

/** Every variable of a scheme: Mantine's, then ours on top. */
function variables(scheme: Scheme): Map<string, string> {
  const merged = mergeMantineTheme(DEFAULT_THEME, theme);
  const mantine = defaultCssVariablesResolver(merged);
  const found = new Map(Object.entries({ ...mantine.variables, ...mantine[scheme] }));
  const css = readFileSync("src/theme.css", "utf8");
  const start = css.indexOf(`:root[data-mantine-color-scheme="${scheme}"] {`);
  const block = css.slice(start, css.indexOf("\n}", start));
  for (const [, name, value] of block.matchAll(/(--[\w-]+):\s*([^;]+);/g)) {
    if (name && value) found.set(name, value);
  }
  return found;
}

function resolve(value: string, of: Map<string, string>): Rgb {
  const text = value.trim();
  const reference = /^var\((--[\w-]+)\)$/.exec(text)?.[1];
  if (reference) return resolve(of.get(reference) ?? `nothing is called ${reference}`, of);
  const mix = /^color-mix\(\s*in srgb,\s*(.+?) (\d+)%,\s*(.+?)\s*\)$/.exec(text);
  if (mix?.[1] && mix[3]) {
    return blend(resolve(mix[1], of), resolve(mix[3], of), Number(mix[2]) / 100);
  }
  return literal(text);
}

function literal(text: string): Rgb {
  if (text === "black") return [0, 0, 0];
  if (text === "white") return [255, 255, 255];
  const hex = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(text)?.[1];
  if (!hex) throw new Error(`no colour: ${text}`);
  const long = hex.length === 3 ? hex.replace(/./g, "$&$&") : hex;
  return [0, 2, 4].map((at) => Number.parseInt(long.slice(at, at + 2), 16)) as Rgb;
}

function blend(one: Rgb, other: Rgb, share: number): Rgb {
  return one.map((part, at) => part * share + (other[at] ?? 0) * (1 - share)) as Rgb;
}

function luminance(color: Rgb): number {
  const [r, g, b] = color.map((part) => {
    const c = part / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours as WCAG counts it. */
function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

/** The pairs that do not reach a contrast, each with what it reaches. */
function below(scheme: Scheme, pairs: [string, string][], wanted = AA): string[] {
  const of = variables(scheme);
  return pairs.flatMap(([text, ground]) => {
    const reached = contrast(resolve(`var(${text})`, of), resolve(`var(${ground})`, of));
    return reached < wanted ? [`${text} on ${ground}: ${reached.toFixed(2)}`] : [];
  });
}

test("the formula gives the known values", () => {
  expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21);
  expect(contrast(literal("#5865f2"), literal("#fff"))).toBeCloseTo(4.61, 1);
});

describe.each(["dark", "light"] as const)("%s", (scheme) => {
  test("words can be read on every surface", () => {
    const words = ["text", "dimmed", "anchor", "error", "placeholder"];
    const pairs = words.flatMap((word) =>
      SURFACES.map((surface): [string, string] => [`--mantine-color-${word}`, surface]),
    );
    expect(below(scheme, pairs)).toEqual([]);
  });

  test("coloured words can be read on every surface", () => {
    const pairs = COLORS.flatMap((color) =>
      SURFACES.map((surface): [string, string] => [`--mantine-color-${color}-text`, surface]),
    );
    expect(below(scheme, pairs)).toEqual([]);
  });

  test("badges and alerts can be read, also when pointed at", () => {
    const pairs = [...COLORS, "gray"].flatMap((color): [string, string][] => [
      [`--mantine-color-${color}-light-color`, `--mantine-color-${color}-light`],
      [`--mantine-color-${color}-light-color`, `--mantine-color-${color}-light-hover`],
      ["--mantine-color-text", `--mantine-color-${color}-light`],
    ]);
    expect(below(scheme, pairs)).toEqual([]);
  });

  test("a filled button's words can be read", () => {
    const of = variables(scheme);
    const white: Rgb = [255, 255, 255];
    for (const name of ["violet", "red"]) {
      const ground = resolve(`var(--mantine-color-${name}-filled)`, of);
      expect(contrast(white, ground)).toBeGreaterThanOrEqual(AA);
    }
  });
});
