import type { Range } from "./errors";

/** Where a `{` is closed, or where the search for its `}` ended, and whether within quotes. */
export interface Scanned {
  closed: boolean;
  end: number;
  quoted: boolean;
}

/** Reads from a `{` to its `}`; braces within quotes do not count. */
export function scanBraces(source: readonly string[], start: number): Scanned {
  let quoted = false;
  let at = start + 1;
  for (; at < source.length; at += 1) {
    const char = source[at];
    if (char === "\\" && quoted) at += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === "}" && !quoted) return { closed: true, end: at, quoted };
    else if (char === "{" && !quoted) break;
  }
  return { closed: false, end: Math.min(at, source.length), quoted };
}

/** Splits at `|` outside of quotes. */
export function splitFilters(source: readonly string[], { start, end }: Range): Range[] {
  const parts = [];
  let from = start;
  let quoted = false;
  for (let at = start; at < end; at += 1) {
    const char = source[at];
    if (char === "\\" && quoted) at += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === "|" && !quoted) {
      parts.push({ start: from, end: at });
      from = at + 1;
    }
  }
  parts.push({ start: from, end });
  return parts;
}
