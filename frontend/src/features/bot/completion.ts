import type { Schema } from "~/api/client";

export type Variable = Schema["ChatVariable"];

/** What is being written at the cursor: where its brace stands, and the word behind it. */
interface Open {
  from: number;
  word: string;
}

/** The variable that is begun before the cursor, if any is. */
export function openVariable(text: string, cursor: number): Open | null {
  const before = text.slice(0, cursor);
  const match = /(?:^|[^{])((?:\{\{)*)\{(?:#(?:if|unless)\s+)?(\w*)$/.exec(before);
  if (!match) return null;
  const word = match[2] ?? "";
  return { from: cursor - word.length, word };
}

/** Variables that begin with a word. */
export const candidates = (variables: readonly Variable[], word: string): Variable[] =>
  variables.filter(({ name }) => name.startsWith(word.toLowerCase()));

/** A text with something put in, and where the cursor is then. */
export interface Inserted {
  text: string;
  cursor: number;
}

/** Completes what is begun at the cursor; the brace behind it is not doubled. */
export function complete(text: string, cursor: number, variable: Variable): Inserted {
  const open = openVariable(text, cursor);
  if (!open) return insert(text, cursor, cursor, variable);
  const inside = variable.example.slice(1, -1);
  const block = /\{#\w+\s+$/.test(text.slice(0, open.from));
  const word = block ? variable.name : inside;
  const rest = text.slice(cursor).replace(/^\w*/, "");
  const closed = rest.startsWith("}") || rest.startsWith("|");
  const filled = `${word}${closed ? "" : "}"}`;
  const added = word.length + (rest.startsWith("|") ? 0 : 1);
  return { text: text.slice(0, open.from) + filled + rest, cursor: open.from + added };
}

/** Puts a variable in the place of what is selected. */
export function insert(text: string, start: number, end: number, variable: Variable): Inserted {
  const { example } = variable;
  return { text: text.slice(0, start) + example + text.slice(end), cursor: start + example.length };
}
