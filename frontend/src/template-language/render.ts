import { countChars, takeChars, trim, trimEnd } from "./chars";
import { clean, encode, safeUrl, showsNothing, type Context } from "./escape";
import type { Filter, Node, Template } from "./parse";
import type { Variable } from "./variables";

/** A value: somebody's text (escaped), our own markup (kept whole), an address or a number. */
export type Value = { text: string } | { markup: string } | { url: string } | { number: number };

/** Values by variable; one that is absent or shows nothing is not set. */
export type Values = Partial<Record<Variable, Value>>;

/** A part of the result: the template's own text, a value that may be shortened, or one that may not. */
interface Piece {
  kind: "literal" | "text" | "whole";
  text: string;
}

/**
 * Renders at most `limit` characters.
 *
 * Too long a result loses from its longest value first, then from its end. It is never cut within
 * an escape, a mention or a timestamp.
 */
export function render(
  template: Template,
  values: Values,
  context: Context,
  limit: number = Infinity,
): string {
  const pieces: Piece[] = [];
  evaluate(template.nodes, values, pieces);
  shorten(pieces, context, limit);
  return trim(join(pieces, context, limit));
}

/** How many characters Discord would count if nothing were shortened. */
export function measure(template: Template, values: Values, context: Context): number {
  return countChars(render(template, values, context));
}

/** The value, if it is set and something of it can be seen. */
function valueOf(values: Values, variable: Variable): Value | undefined {
  const value = values[variable];
  return value && ("number" in value || !showsNothing(contentOf(value))) ? value : undefined;
}

/** A value as text, before anything is escaped. */
export function contentOf(value: Value): string {
  if ("text" in value) return value.text;
  if ("markup" in value) return value.markup;
  return "url" in value ? value.url : String(value.number);
}

function evaluate(nodes: Node[], values: Values, into: Piece[]) {
  for (const node of nodes) {
    if (node.kind === "text") {
      into.push({ kind: "literal", text: node.text });
    } else if (node.kind === "value") {
      const piece = apply(valueOf(values, node.variable), node.filters);
      if (piece) into.push(piece);
    } else {
      evaluate(valueOf(values, node.variable) ? node.set : node.unset, values, into);
    }
  }
}

function pieceOf(value: Value): Piece {
  if ("text" in value) return { kind: "text", text: clean(value.text) };
  if ("url" in value) return { kind: "whole", text: safeUrl(value.url) };
  return { kind: "whole", text: contentOf(value) };
}

function apply(value: Value | undefined, filters: Filter[]): Piece | undefined {
  let piece = value && pieceOf(value);
  for (const filter of filters) {
    if (!piece && filter.kind === "default") piece = { kind: "literal", text: filter.text };
    else if (piece && piece.kind !== "whole") {
      piece = { kind: piece.kind, text: changed(piece.text, filter) };
    }
  }
  return piece;
}

function changed(text: string, filter: Filter): string {
  switch (filter.kind) {
    case "truncate":
      return truncate(text, filter.length);
    case "upper":
      return text.toUpperCase();
    case "lower":
      return text.toLowerCase();
    default:
      return text;
  }
}

/** At most `length` characters, the last of them an ellipsis when something is left out. */
function truncate(text: string, length: number): string {
  if (countChars(text) <= length) return text;
  return `${trimEnd(takeChars(text, length - 1))}…`;
}

function encoded(piece: Piece, context: Context): string {
  if (piece.kind !== "text") return piece.text;
  let result = "";
  for (const char of piece.text) result += encode(char, context);
  return result;
}

function width(piece: Piece, context: Context): number {
  return countChars(encoded(piece, context));
}

/** Shortens the longest value, then the next longest, until all fits or nothing can be shortened. */
function shorten(pieces: Piece[], context: Context, limit: number) {
  const measured = pieces.map((piece) => ({ piece, chars: width(piece, context) }));
  let total = measured.reduce((sum, { chars }) => sum + chars, 0);
  const longest = measured.filter(({ piece }) => piece.kind === "text");
  longest.sort((a, b) => b.chars - a.chars);
  for (const { piece, chars } of longest) {
    if (total <= limit) return;
    piece.text = fit(piece.text, context, Math.max(chars - (total - limit), 0));
    total += width(piece, context) - chars;
  }
}

/** The longest beginning that takes `target` characters at most once encoded, ellipsis included. */
function fit(text: string, context: Context, target: number): string {
  // An address has no place for one.
  const ellipsis = context === "url" ? "" : "…";
  const room = Math.max(target - ellipsis.length, 0);
  let kept = "";
  let used = 0;
  for (const char of text) {
    used += countChars(encode(char, context));
    if (used > room) break;
    kept += char;
  }
  return trimEnd(kept) + ellipsis;
}

/** Joins the pieces; what is still too long is cut at the end. */
function join(pieces: Piece[], context: Context, limit: number): string {
  let result = "";
  let room = limit;
  for (const piece of pieces) {
    const chars = width(piece, context);
    if (chars <= room) {
      result += encoded(piece, context);
      room -= chars;
    } else if (piece.kind === "literal") {
      result += cutLiteral(piece.text, room);
      break;
    } else if (piece.kind === "text") {
      result += encoded({ kind: "text", text: fit(piece.text, context, room) }, context);
      break;
    }
  }
  return takeChars(result, limit);
}

/** At most `room` characters of the template's own text, not ending within its markup. */
function cutLiteral(text: string, room: number): string {
  let kept = takeChars(text, room);
  const open = kept.lastIndexOf("<");
  if (open >= 0 && !kept.includes(">", open)) kept = kept.slice(0, open);
  let end = kept.length;
  while (kept.charAt(end - 1) === "\\") end -= 1;
  return (kept.length - end) % 2 === 1 ? kept.slice(0, -1) : kept;
}
