/** A masked link: where its text and its whole end. */
export interface MaskedLink {
  textEnd: number;
  end: number;
  url: string;
  title?: string;
}

const MAX_URL_CHARS = 2048;
const TRAILING = new Set(".,:;\"'])");

/** The address, if it is a valid one of http or https. */
export function webUrl(url: string): string | undefined {
  if (url.length > MAX_URL_CHARS || !/^https?:\/\//i.test(url)) return undefined;
  return URL.canParse(url) ? url : undefined;
}

/** Finds masked links by brackets that were matched once, so that no search repeats another. */
export class LinkFinder {
  private readonly src: string;
  private readonly close: Int32Array;
  /** The next white space at or behind a position. */
  private readonly space: Int32Array;
  /** How many `://` begin before a position. */
  private readonly schemes: Int32Array;

  constructor(src: string) {
    this.src = src;
    this.close = matchBrackets(src);
    this.space = new Int32Array(src.length + 1).fill(src.length);
    this.schemes = new Int32Array(src.length + 1);
    for (let at = src.length - 1; at >= 0; at -= 1) {
      this.space[at] = isSpace(src[at]) ? at : (this.space[at + 1] ?? src.length);
    }
    for (let at = 0; at < src.length; at += 1) {
      const here = src[at] === ":" && src[at + 1] === "/" && src[at + 2] === "/";
      this.schemes[at + 1] = (this.schemes[at] ?? 0) + Number(here);
    }
  }

  /** The link whose `[` is at `at`; one whose text looks like an address is none. */
  find(at: number): MaskedLink | undefined {
    const textEnd = this.close[at] ?? -1;
    const open = textEnd + 1;
    if (textEnd <= at + 1 || this.src[open] !== "(") return undefined;
    if ((this.schemes[textEnd] ?? 0) > (this.schemes[at] ?? 0)) return undefined;
    const end = this.close[open] ?? -1;
    const target = end < 0 ? undefined : this.target(open + 1, end);
    return target && { ...target, textEnd, end: end + 1 };
  }

  private target(from: number, to: number): { url: string; title?: string } | undefined {
    let start = from;
    while (start < to && isSpace(this.src[start])) start += 1;
    if (to - start > 2 * MAX_URL_CHARS) return undefined;
    const stop = Math.min(this.space[start] ?? to, to);
    const [open, close] = [this.src[start] === "<", this.src[stop - 1] === ">"];
    const url = webUrl(
      open && close ? this.src.slice(start + 1, stop - 1) : this.src.slice(start, stop),
    );
    if (url === undefined) return undefined;
    const rest = this.src.slice(stop, to).trim();
    if (rest === "") return { url };
    const quoted = rest.length > 1 && /^["']/.test(rest) && rest.endsWith(rest.charAt(0));
    return quoted ? { url, title: rest.slice(1, -1) } : undefined;
  }
}

function isSpace(char: string | undefined): boolean {
  return char !== undefined && /\s/.test(char);
}

/** The closing bracket of every `[` and `(`, or -1; parentheses end with their line. */
function matchBrackets(src: string): Int32Array {
  const close = new Int32Array(src.length).fill(-1);
  const square: number[] = [];
  let round: number[] = [];
  for (let at = 0; at < src.length; at += 1) {
    const char = src[at];
    if (char === "\\") at += 1;
    else if (char === "\n") round = [];
    else if (char === "[") square.push(at);
    else if (char === "(") round.push(at);
    else if (char === "]" || char === ")") {
      const open = (char === "]" ? square : round).pop();
      if (open !== undefined) close[open] = at;
    }
  }
  return close;
}

/** A bare address without the punctuation that follows it in a sentence. */
export function trimUrl(url: string): string {
  let opened = 0;
  for (const char of url) opened += char === "(" ? 1 : 0;
  let closed = 0;
  for (const char of url) closed += char === ")" ? 1 : 0;
  let end = url.length;
  while (TRAILING.has(url.charAt(end - 1))) {
    if (url.charAt(end - 1) === ")") {
      if (closed <= opened) break;
      closed -= 1;
    }
    end -= 1;
  }
  return url.slice(0, end);
}
