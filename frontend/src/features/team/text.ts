/** What may be said, as `crates/types/src/live/text.rs` counts it, and what a message's text is made of. */

/** Unicode code points, bytes and lines of a message at most. */
export const MAX_CHARS = 500;
const MAX_BYTES = 2000;
const MAX_LINES = 20;

export interface Size {
  chars: number;
  /** Why it does not fit. */
  fault: "empty" | "tooLong" | "tooManyBytes" | "tooManyLines" | null;
}

/** How long a text is, without the blanks at its ends, and whether it can be sent. */
export function measure(text: string): Size {
  const trimmed = text.trim();
  // oxlint-disable-next-line typescript/no-misused-spread -- code points are what is counted
  const chars = [...trimmed].length;
  const fault = () => {
    if (chars === 0) return "empty";
    if (chars > MAX_CHARS) return "tooLong";
    if (new TextEncoder().encode(trimmed).length > MAX_BYTES) return "tooManyBytes";
    return trimmed.split("\n").length > MAX_LINES ? "tooManyLines" : null;
  };
  return { chars, fault: fault() };
}

/** A piece of a message's text. */
export type Part =
  | { kind: "text"; text: string }
  | { kind: "link"; text: string; href: string }
  | { kind: "mention"; text: string };

/** Takes a text apart: links to the web, and mentions of these people. */
export function parts(text: string, names: readonly string[]): Part[] {
  return split(text, /https?:\/\/[^\s<>"]+/giu, link).flatMap((part) => {
    if (part.kind !== "text" || names.length === 0) return [part];
    return split(part.text, mentionsOf(names), (found) => [{ kind: "mention", text: found }]);
  });
}

function split(text: string, pattern: RegExp, special: (found: string) => Part[]): Part[] {
  const all: Part[] = [];
  let end = 0;
  const plain = (to: number) => to > end && all.push({ kind: "text", text: text.slice(end, to) });
  for (const { 0: found, index } of text.matchAll(pattern)) {
    plain(index);
    all.push(...special(found));
    end = index + found.length;
  }
  plain(text.length);
  return all;
}

/** What ends a sentence does not belong to the address in it; nor does a bracket that it did not open. */
function link(found: string): Part[] {
  let address = found.replace(/[.,;:!?'…»“”]+$/u, "");
  while (address.endsWith(")") && address.split(")").length > address.split("(").length)
    address = address.slice(0, -1).replace(/[.,;:!?'…»“”]+$/u, "");
  const rest = found.slice(address.length);
  const href = webAddress(address);
  if (href === null) return [{ kind: "text", text: found }];
  const tail: Part[] = rest === "" ? [] : [{ kind: "text", text: rest }];
  return [{ kind: "link", text: address, href }, ...tail];
}

/** The address, where a browser goes to the web by it; one that looks like another's host is none. */
function webAddress(text: string): string | null {
  try {
    const { protocol, username, password, href } = new URL(text);
    const web = protocol === "https:" || protocol === "http:";
    return web && username === "" && password === "" ? href : null;
  } catch {
    return null;
  }
}

/** `@` and one of the names, the longest that fits, as a word of its own. */
function mentionsOf(names: readonly string[]): RegExp {
  const longestFirst = names.toSorted((a, b) => b.length - a.length);
  const escaped = longestFirst.map((name) => name.replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`(?<![\\p{L}\\p{N}_@])@(?:${escaped.join("|")})(?![\\p{L}\\p{N}_])`, "giu");
}
