/** How many characters (Unicode scalar values) a text has. */
export function countChars(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += width(text, at)) count += 1;
  return count;
}

/** The first `count` characters. */
export function takeChars(text: string, count: number): string {
  let at = 0;
  for (let n = 0; n < count && at < text.length; n += 1) at += width(text, at);
  return text.slice(0, at);
}

/** The offset of every character in UTF-16 units, with the end of the text as the last entry. */
export function charOffsets(text: string): number[] {
  const offsets = [];
  for (let at = 0; at < text.length; at += width(text, at)) offsets.push(at);
  offsets.push(text.length);
  return offsets;
}

function width(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** Whether Unicode calls it white space; JavaScript's `\s` differs in two characters. */
export function isWhiteSpace(char: string): boolean {
  return char === "\u0085" || (char !== "\uFEFF" && /^\s$/.test(char));
}

/** Whether it is a control character (C0, delete or C1). */
export function isControl(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/** Without white space at its end. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isWhiteSpace(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** Without white space around it. */
export function trim(text: string): string {
  let start = 0;
  while (start < text.length && isWhiteSpace(text.charAt(start))) start += 1;
  return trimEnd(text.slice(start));
}
