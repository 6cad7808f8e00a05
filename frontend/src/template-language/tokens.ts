import { isWhiteSpace } from "./chars";
import type { Range } from "./errors";
import { scanBraces, splitFilters } from "./scan";

/** What a token is; `keyword` is `#if`, `:else` and the like, `escape` a doubled brace. */
type TokenKind = "brace" | "escape" | "variable" | "keyword" | "filter" | "argument";

/** A part of a source that is not plain text; ranges count characters. */
export interface Token extends Range {
  kind: TokenKind;
  text: string;
}

/** The tokens of a source, right or wrong, for highlighting. */
export function tokenize(source: string): Token[] {
  const chars = Array.from(source);
  const tokens: Token[] = [];
  const add = (kind: TokenKind, start: number, end: number) => {
    if (end > start) tokens.push({ kind, start, end, text: chars.slice(start, end).join("") });
  };
  for (let at = 0; at < chars.length;) {
    const char = chars[at];
    if (char !== "{" && char !== "}") {
      at += 1;
    } else if (chars[at + 1] === char) {
      add("escape", at, at + 2);
      at += 2;
    } else {
      const scanned = char === "{" ? scanBraces(chars, at) : undefined;
      add("brace", at, at + 1);
      if (scanned?.closed) {
        tokenizeTag(chars, { start: at + 1, end: scanned.end }, add);
        add("brace", scanned.end, scanned.end + 1);
      }
      at = scanned?.closed ? scanned.end + 1 : at + 1;
    }
  }
  return tokens;
}

type Add = (kind: TokenKind, start: number, end: number) => void;

function tokenizeTag(chars: readonly string[], range: Range, add: Add) {
  const inner = trimmed(chars, range);
  if ("#:/".includes(chars[inner.start] ?? " ")) {
    const end = firstOf(chars, inner, isWhiteSpace);
    add("keyword", inner.start, end);
    const rest = trimmed(chars, { start: end, end: inner.end });
    add("variable", rest.start, rest.end);
    return;
  }
  for (const [n, part] of splitFilters(chars, range).entries()) {
    const { start, end } = trimmed(chars, part);
    const colon = n === 0 ? end : firstOf(chars, { start, end }, (char) => char === ":");
    add(n === 0 ? "variable" : "filter", start, colon);
    add("argument", colon + 1, end);
  }
}

function firstOf(chars: readonly string[], range: Range, test: (char: string) => boolean) {
  let at = range.start;
  while (at < range.end && !test(chars[at] ?? "")) at += 1;
  return at;
}

function trimmed(chars: readonly string[], { start, end }: Range): Range {
  const from = firstOf(chars, { start, end }, (char) => !isWhiteSpace(char));
  let to = end;
  while (to > from && isWhiteSpace(chars[to - 1] ?? "")) to -= 1;
  return { start: from, end: to };
}

/** What has been typed of the tag that is still open at the end; undefined in text and in quotes. */
export function openTag(before: string): string | undefined {
  const chars = Array.from(before);
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at];
    if ((char === "{" || char === "}") && chars[at + 1] === char) {
      at += 1;
    } else if (char === "{") {
      const { closed, end, quoted } = scanBraces(chars, at);
      if (!closed && end === chars.length) {
        return quoted ? undefined : chars.slice(at + 1).join("");
      }
      at = closed ? end : at;
    }
  }
  return undefined;
}

/** The block that is open at the end, if one is. */
export function openBlock(before: string): "if" | "unless" | undefined {
  const open: ("if" | "unless")[] = [];
  for (const { kind, text } of tokenize(before)) {
    if (kind !== "keyword") continue;
    if (text === "#if" || text === "#unless") open.push(text === "#if" ? "if" : "unless");
    else if (text === `/${open.at(-1)}`) open.pop();
  }
  return open.at(-1);
}
