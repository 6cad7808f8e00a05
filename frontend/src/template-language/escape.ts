import { isControl, isWhiteSpace } from "./chars";

// Values are attacker controlled: what they may not do, they cannot.

/** Where a text will stand. */
export type Context =
  /** A message's content: markdown, and mentions ping. */
  | "content"
  /** An embed's title, description or field: markdown, and nothing pings. */
  | "embed"
  /** An embed's author or footer: no markdown. */
  | "plain"
  /** An address. */
  | "url";

/**
 * Markdown's and mentions' own characters, and what turns a name into an address: Discord shows a
 * card for `discord.gg/abc` even without a scheme.
 */
const MARKUP = new Set("\\*_~|`>#-[]()<:@/");
/** Zero-width characters and directional overrides; joiners stay, emoji and scripts need them. */
const INVISIBLE = /[\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u061C\uFEFF\u00AD]/;
/**
 * White space, what Unicode calls ignorable (joiners, variation selectors, fillers, tags), and
 * characters whose picture is empty: the blank Braille pattern, marks of interlinear annotations,
 * the musical null note head.
 */
const BLANK =
  /^[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\uFFF9-\uFFFB\u{1D159}]*$/u;
const LINE_BREAK = /[\n\r\t\u2028\u2029]/;
const URL_SAFE = /^[0-9A-Za-z\-._~]$/;
const UTF8 = new TextEncoder();

/** One line without anything invisible that changes how the rest reads. */
export function clean(text: string): string {
  let result = "";
  for (const char of text) {
    if (LINE_BREAK.test(char)) result += " ";
    else if (!isControl(char) && !INVISIBLE.test(char)) result += char;
  }
  return result;
}

/** Whether nothing of a text can be seen. */
export function showsNothing(text: string): boolean {
  return BLANK.test(text);
}

/** One character as it has to be written in its context. */
export function encode(char: string, context: Context): string {
  if (context === "plain") return char;
  return context === "url" ? percent(char) : escape(char);
}

/** Markup escaped, and nothing mentioned. */
function escape(char: string): string {
  return (MARKUP.has(char) ? "\\" : "") + char + (char === "@" ? "\u200B" : "");
}

function percent(char: string): string {
  if (URL_SAFE.test(char)) return char;
  const bytes = Array.from(UTF8.encode(char));
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

/** White space or a bracket would end an address within markdown. */
export function safeUrl(url: string): string {
  let result = "";
  for (const char of url) {
    if (isControl(char)) continue;
    result += isWhiteSpace(char) || '<>()"`'.includes(char) ? percent(char) : char;
  }
  return result;
}
