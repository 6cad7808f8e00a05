import { readAngle } from "./angles";
import { append, type Inline, type Style } from "./ast";
import { CodeFinder } from "./code";
import { LinkFinder, trimUrl, webUrl } from "./links";
import type { Rules } from "./rules";

/** What opens and closes a style. */
type Mark = "**" | "*" | "__" | "_" | "~~" | "||";

/** A mark that is open, with what follows it. The outermost frame has no mark. */
interface Frame {
  mark: Mark | "";
  children: Inline[];
}

const STYLES: Record<Mark, Style> = {
  "**": "bold",
  "*": "italic",
  __: "underline",
  _: "italic",
  "~~": "strike",
  "||": "spoiler",
};
const PLAIN = /[^\\`*_~|<[h@]+/y;
const SCHEME = /https?:\/\/(?=[^\s<])/y;
const EVERYONE = /@(everyone|here)/y;
const WORD = /\w/;

/**
 * Parses text within lines.
 *
 * Every character is looked at a bounded number of times: each mark is open at most once, so at
 * most six frames stand on each other, and code, brackets and addresses are found by tables.
 */
export function parseInline(src: string, rules: Rules): Inline[] {
  if (!rules.styles) return src === "" ? [] : [{ type: "text", text: src }];
  return new InlineParser(src, rules).parse();
}

class InlineParser {
  private at = 0;
  private readonly src: string;
  private readonly rules: Rules;
  private readonly frames: [Frame, ...Frame[]] = [{ mark: "", children: [] }];
  private readonly code: CodeFinder;
  private links?: LinkFinder;

  constructor(src: string, rules: Rules) {
    this.src = src;
    this.rules = rules;
    this.code = new CodeFinder(src, rules.blocks);
  }

  parse(): Inline[] {
    while (this.at < this.src.length) this.step();
    while (this.frames.length > 1) this.dissolve(this.frames.length - 1);
    return this.frames[0].children;
  }

  private step() {
    PLAIN.lastIndex = this.at;
    const plain = PLAIN.exec(this.src);
    if (plain) return this.text(plain[0]);
    const handled = this.special(this.src.charAt(this.at));
    if (!handled) this.text(this.src.charAt(this.at));
  }

  /** Handles a character that may mean something; says whether it did. */
  private special(char: string): boolean {
    switch (char) {
      case "\\":
        return this.escape();
      case "`":
        return this.readCode();
      case "*":
      case "_":
        return this.emphasis(char);
      case "~":
      case "|":
        return this.pair(char === "~" ? "~~" : "||");
      case "<":
        return this.angle();
      case "[":
        return this.maskedLink();
      case "@":
        return this.everyone();
      default:
        return this.bareLink();
    }
  }

  private text(text: string) {
    this.at += text.length;
    this.add({ type: "text", text });
  }

  private add(node: Inline) {
    const top = this.frames.at(-1) ?? this.frames[0];
    append(top.children, node);
  }

  private node(node: Inline, end: number): boolean {
    this.add(node);
    this.at = end;
    return true;
  }

  private escape(): boolean {
    const next = this.src.charAt(this.at + 1);
    if (next === "" || /[0-9A-Za-z\s]/.test(next)) return false;
    return this.node({ type: "text", text: next }, this.at + 2);
  }

  private readCode(): boolean {
    const code = this.code.find(this.at);
    if (!code) {
      this.text(this.src.slice(this.at, this.at + this.code.runLength(this.at)));
      return true;
    }
    const { block, end, text, language } = code;
    if (!block) return this.node({ type: "code", text }, end);
    const node = {
      type: "codeBlock",
      text,
      ...(language === undefined ? {} : { language }),
    } as const;
    // The block ends its line; a line break behind it would show as an empty one.
    return this.node(node, this.src[end] === "\n" ? end + 1 : end);
  }

  private angle(): boolean {
    const found = readAngle(this.src, this.at, this.rules);
    return found !== undefined && this.node(found.node, found.end);
  }

  private everyone(): boolean {
    EVERYONE.lastIndex = this.at;
    const kind = this.rules.mentions ? EVERYONE.exec(this.src)?.[1] : undefined;
    if (kind !== "everyone" && kind !== "here") return false;
    return this.node({ type: "mention", kind, id: "" }, this.at + 1 + kind.length);
  }

  private maskedLink(): boolean {
    if (!this.rules.links) return false;
    this.links ??= new LinkFinder(this.src);
    const link = this.links.find(this.at);
    if (!link) return false;
    const { url, title, textEnd, end } = link;
    const text = this.src.slice(this.at + 1, textEnd);
    const children = parseInline(text, { ...this.rules, links: false, mentions: false });
    return this.node({ type: "link", url, ...(title ? { title } : {}), children }, end);
  }

  private bareLink(): boolean {
    SCHEME.lastIndex = this.at;
    if (!this.rules.links || !SCHEME.test(this.src)) return false;
    const found = trimUrl(this.src.slice(this.at, this.urlEnd(SCHEME.lastIndex)));
    const url = webUrl(found);
    if (url === undefined) {
      this.text(found);
      return true;
    }
    return this.node(
      { type: "link", url, children: [{ type: "text", text: url }] },
      this.at + found.length,
    );
  }

  /** Where an address ends: at white space, `](`, or a mark that closes what is open around it. */
  private urlEnd(from: number): number {
    let at = from;
    for (let char = this.src[at]; char !== undefined; char = this.src[at]) {
      if (char === "<" || /\s/.test(char) || this.src.startsWith("](", at)) break;
      const run = "*_~|".includes(char) ? this.runLength(at) : 0;
      if (run > 0 && this.closesSomething(char, run, at + run)) break;
      at += Math.max(run, 1);
    }
    return at;
  }

  private closesSomething(char: string, run: number, end: number): boolean {
    if (char === "~" || char === "|") return run >= 2 && this.isOpen(char === "~" ? "~~" : "||");
    const [single, double] = char === "*" ? (["*", "**"] as const) : (["_", "__"] as const);
    if (run >= 2 && this.isOpen(double)) return true;
    const inWord = char === "_" && WORD.test(this.src.charAt(end));
    return run % 2 === 1 && this.isOpen(single) && !inWord;
  }

  private runLength(at: number): number {
    let end = at + 1;
    while (this.src[end] === this.src[at]) end += 1;
    return end - at;
  }

  private pair(mark: "~~" | "||"): boolean {
    if (!this.src.startsWith(mark, this.at)) return false;
    const open = this.find(mark);
    const frame = this.frames[open];
    if (open < 0) {
      this.open(mark);
    } else if (frame === this.frames.at(-1) && frame?.children.length === 0) {
      this.add({ type: "text", text: mark });
    } else {
      this.close(open);
    }
    this.at += 2;
    return true;
  }

  /** Stars or underscores, which may mean two things and come in runs. */
  private emphasis(char: "*" | "_"): boolean {
    const [single, double] = char === "*" ? (["*", "**"] as const) : (["_", "__"] as const);
    const run = this.runLength(this.at);
    const ends = this.singleEnds(char, run);
    if (this.isOpen(single) && run === 1 && !ends) this.dissolve(this.find(single));
    const [inner, outer] = [this.isOpen(single), this.isOpen(double)];
    const rest = inner || outer ? this.closeRun(run, single, double) : run;
    if (rest > 3 || (rest === 3 && (inner || outer))) {
      this.add({ type: "text", text: char.repeat(rest) });
    } else if (rest > 0) {
      this.openRun(rest, single, double, this.at + run);
    }
    this.at += run;
    return true;
  }

  /** Whether a single mark could close here. */
  private singleEnds(char: "*" | "_", run: number): boolean {
    if (char === "_") return !WORD.test(this.src.charAt(this.at + run));
    return !/\s/.test(this.src.charAt(this.at - 1));
  }

  /** Closes what a run can close; gives how much of it is left. */
  private closeRun(run: number, single: "*" | "_", double: "**" | "__"): number {
    const [inner, outer] = [this.find(single), this.find(double)];
    if (inner >= 0 && outer >= 0) {
      if (run === 1) this.closeTwin(single, double);
      else if (run === 2) this.closeTwin(double, single);
      else {
        this.close(Math.max(inner, outer));
        this.close(Math.min(inner, outer));
      }
      return Math.max(run - 3, 0);
    }
    if (outer >= 0) {
      if (run === 1) return 1;
      this.add({ type: "text", text: single.repeat(run - 2) });
      this.close(outer);
      return 0;
    }
    if (run % 2 === 0) return run;
    this.add({ type: "text", text: single.repeat(run - 1) });
    this.close(inner);
    return 0;
  }

  /** Closes one of two; the two may have been opened by one run, in either order. */
  private closeTwin(mark: Mark, other: Mark) {
    const [at, top] = [this.find(mark), this.find(other)];
    const frame = this.frames[at];
    const inner = this.frames[top];
    if (frame && inner && top === at + 1 && frame.children.length === 0) {
      [frame.mark, inner.mark] = [other, mark];
      this.close(top);
    } else {
      this.close(at);
    }
  }

  private openRun(run: number, single: "*" | "_", double: "**" | "__", end: number) {
    const next = this.src.charAt(end);
    const opens = run !== 2 && next !== "" && (single === "_" || !/\s/.test(next));
    if (run !== 2 && !opens) {
      this.add({ type: "text", text: single });
    } else if (opens) {
      this.open(single);
    }
    if (run >= 2) this.open(double);
  }

  private isOpen(mark: Mark): boolean {
    return this.find(mark) >= 0;
  }

  private find(mark: Mark): number {
    return this.frames.findIndex((frame) => frame.mark === mark);
  }

  private open(mark: Mark) {
    this.frames.push({ mark, children: [] });
  }

  /** Ends a style; marks that are still open within it are text. */
  private close(at: number) {
    while (this.frames.length > at + 1) this.dissolve(this.frames.length - 1);
    const frame = this.frames.pop();
    if (!frame?.mark) return;
    this.add({ type: STYLES[frame.mark], children: frame.children });
  }

  /** Turns an open mark into text. */
  private dissolve(at: number) {
    const [frame] = this.frames.splice(at, 1);
    const into = this.frames[at - 1];
    if (!frame || !into) return;
    append(into.children, { type: "text", text: frame.mark });
    for (const node of frame.children) append(into.children, node);
  }
}
