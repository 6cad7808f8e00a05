/** A colour's red, green and blue, each 0 to 255. */
type Rgb = [number, number, number];

/** A colour of `#rrggbb` or `#rrggbbaa`. */
function parseColor(hex: string): { rgb: Rgb; alpha: number } {
  const part = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return { rgb: [part(1), part(3), part(5)], alpha: hex.length > 7 ? part(7) / 255 : 1 };
}

/** The contrast by WCAG of a text on grounds that lie on each other, the lowest first. */
export function contrast(text: string, grounds: readonly string[]): number {
  const ground = grounds.map(parseColor).reduce<Rgb>(
    (below, { rgb, alpha }) => {
      const mix = (at: 0 | 1 | 2) => rgb[at] * alpha + below[at] * (1 - alpha);
      return [mix(0), mix(1), mix(2)];
    },
    [0, 0, 0],
  );
  const [a, b] = [luminance(parseColor(text).rgb), luminance(ground)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

/** The colours of custom properties `--<prefix>-name: #…` in a rule's block, by name. */
export function customColors(block: string, prefix: string): Map<string, string> {
  const found = block.matchAll(new RegExp(`--${prefix}-([\\w-]+):[^;#]*(#[0-9a-f]{6,8})`, "g"));
  return new Map(Array.from(found, ([, name = "", hex = ""]) => [name, hex]));
}
