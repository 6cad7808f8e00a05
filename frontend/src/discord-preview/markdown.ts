import { append, type Inline, type Node } from "./ast";
import { CodeFinder } from "./code";
import { parseInline } from "./inline";
import { RULES, type Place, type Rules } from "./rules";

const MAX_LIST_DEPTH = 11;
const QUOTE = / *> /y;
const QUOTE_REST = / *>>> /y;
const HEADING = / *(#{1,3})[ \t]+(?=\S)/y;
const SUBTEXT = / *-#[ \t]+(?=\S)/y;
const ITEM = /( *)(?:[-*]|(\d{1,9})\.) +(?=\S)/y;
const CONTINUED = / {2,}(?=\S)/y;

/** Parses a text as Discord would in this place. */
export function parseMarkdown(text: string, place: Place): Node[] {
  return parseBlocks(text.replaceAll("\r\n", "\n"), RULES[place]);
}

function parseBlocks(src: string, rules: Rules): Node[] {
  return rules.blocks ? new BlockParser(src, rules).parse() : parseInline(src, rules);
}

/** An item of a list before lists are put into each other. */
interface Item {
  indent: number;
  number: number | undefined;
  text: string;
}

class BlockParser {
  private at = 0;
  private readonly src: string;
  private readonly rules: Rules;
  private readonly code: CodeFinder;
  private readonly nodes: Node[] = [];

  constructor(src: string, rules: Rules) {
    this.src = src;
    this.rules = rules;
    this.code = new CodeFinder(src, true);
  }

  parse(): Node[] {
    while (this.at < this.src.length) {
      const node = this.block();
      if (node) this.nodes.push(node);
      else this.paragraph();
    }
    return this.nodes;
  }

  private match(pattern: RegExp, at = this.at): RegExpExecArray | null {
    pattern.lastIndex = at;
    return pattern.exec(this.src);
  }

  private startsBlock(at: number): boolean {
    const { quotes, lists } = this.rules;
    const wanted = [HEADING, SUBTEXT];
    if (quotes) wanted.push(QUOTE, QUOTE_REST);
    if (lists) wanted.push(ITEM);
    return wanted.some((pattern) => this.match(pattern, at));
  }

  private block(): Node | undefined {
    const { rules } = this;
    const heading = this.match(HEADING);
    if (heading) return this.heading(heading);
    const subtext = this.match(SUBTEXT);
    if (subtext) return { type: "subtext", children: this.restOfLine(subtext[0].length) };
    if (rules.quotes && this.match(QUOTE_REST)) return this.quoteRest();
    if (rules.quotes && this.match(QUOTE)) return this.quote();
    if (rules.lists && this.match(ITEM)) return nest(this.items(), 0, rules).list;
    return undefined;
  }

  private heading([mark, signs = ""]: RegExpExecArray): Node {
    const level = signs.length === 1 ? 1 : signs.length === 2 ? 2 : 3;
    const children = this.restOfLine(mark.length, withoutClosingSigns);
    // Empty lines below a heading are not shown.
    while (this.src[this.at] === "\n") this.at += 1;
    return { type: "heading", level, children };
  }

  private restOfLine(skip: number, change = (line: string) => line): Inline[] {
    const [line, next] = this.line(this.at + skip);
    this.at = next;
    return parseInline(change(line), { ...this.rules, blocks: false });
  }

  /** The line from `at`, and where the next one begins. */
  private line(at: number): [string, number] {
    const end = this.src.indexOf("\n", at);
    return end < 0 ? [this.src.slice(at), this.src.length] : [this.src.slice(at, end), end + 1];
  }

  /** As `line`, but code may go over several. */
  private logicalLine(from: number): [string, number] {
    let at = from;
    while (at < this.src.length && this.src[at] !== "\n") {
      if (this.src[at] === "\\") at += 2;
      else if (this.src[at] !== "`") at += 1;
      else at = this.code.find(at)?.end ?? at + this.code.runLength(at);
    }
    const end = Math.min(at, this.src.length);
    return [this.src.slice(from, end), Math.min(end + 1, this.src.length)];
  }

  private quoteRest(): Node {
    const text = this.src.slice(this.at + (this.match(QUOTE_REST)?.[0].length ?? 0));
    this.at = this.src.length;
    return { type: "quote", children: parseBlocks(text, { ...this.rules, quotes: false }) };
  }

  private quote(): Node {
    const lines = [];
    for (let mark = this.match(QUOTE); mark; mark = this.match(QUOTE)) {
      const [line, next] = this.line(this.at + mark[0].length);
      lines.push(line);
      this.at = next;
      if (next >= this.src.length) break;
    }
    const text = lines.join("\n");
    return { type: "quote", children: parseBlocks(text, { ...this.rules, quotes: false }) };
  }

  private items(): Item[] {
    const items: Item[] = [];
    while (this.at < this.src.length) {
      const mark = this.match(ITEM);
      const last = items.at(-1);
      if (mark) {
        const [text, next] = this.logicalLine(this.at + mark[0].length);
        const number = mark[2] === undefined ? undefined : Number(mark[2]);
        items.push({ indent: mark[1]?.length ?? 0, number, text });
        this.at = next;
      } else if (last && this.match(CONTINUED)) {
        const [text, next] = this.logicalLine(this.at);
        last.text += `\n${text.trimStart()}`;
        this.at = next;
      } else break;
    }
    return items;
  }

  private paragraph() {
    const start = this.at;
    let end = start;
    do {
      const [line, next] = this.logicalLine(this.at);
      end = this.at + line.length;
      this.at = next;
    } while (this.at < this.src.length && !this.startsBlock(this.at));
    const trailing = this.at >= this.src.length && this.src.endsWith("\n") ? "\n" : "";
    const text = this.src.slice(start, end) + trailing;
    // An empty line between two blocks is shown as one.
    for (const node of parseInline(text === "" ? "\n" : text, this.rules)) append(this.nodes, node);
  }
}

/** `# Title ##` is the same as `# Title`. */
function withoutClosingSigns(line: string): string {
  const text = line.trimEnd();
  let end = text.length;
  while (text[end - 1] === "#") end -= 1;
  return text.slice(0, end);
}

/** Puts the items from `from` into lists by their indentation. */
function nest(items: Item[], from: number, rules: Rules, depth = 1): { list: Node; next: number } {
  const first = items[from];
  const start = first?.number ?? 1;
  const list = {
    type: "list" as const,
    ordered: first?.number !== undefined,
    start,
    items: [] as Node[][],
  };
  const indent = first?.indent ?? 0;
  const ends = (item: Item) => depth > 1 && item.indent < indent;
  let at = from;
  for (let item = items[at]; item && !ends(item); item = items[at]) {
    const last = list.items.at(-1);
    if (item.indent > indent && last && depth < MAX_LIST_DEPTH) {
      const inner = nest(items, at, rules, depth + 1);
      last.push(inner.list);
      at = inner.next;
    } else {
      list.items.push(parseBlocks(item.text, { ...rules, quotes: false, lists: false }));
      at += 1;
    }
  }
  return { list, next: at };
}
