import { isWhiteSpace, trim } from "./chars";
import { scanBraces, splitFilters } from "./scan";
import {
  MAX_DEPTH,
  MAX_SOURCE_CHARS,
  templateError,
  type ErrorCode,
  type Range,
  type TemplateError,
} from "./errors";
import { isVariable, type Variable } from "./variables";

/** A filter with its argument. */
export type Filter =
  | { kind: "upper" }
  | { kind: "lower" }
  | { kind: "truncate"; length: number }
  | { kind: "default"; text: string };

/** A part of a template; ranges count characters and include the braces. */
export type Node =
  | ({ kind: "text"; text: string } & Range)
  | ({ kind: "value"; variable: Variable; filters: Filter[] } & Range)
  | ({ kind: "choice"; variable: Variable; set: Node[]; unset: Node[] } & Range);

/** A template that parses. */
export interface Template {
  nodes: Node[];
}

/** A template, or its first error. */
export type Parsed = { ok: true; template: Template } | { ok: false; error: TemplateError };

/** Errors beyond this many are not collected; it bounds the work on a hopeless source. */
const MAX_PROBLEMS = 20;

/** Parses a source; reports the first error, as the API does. */
export function parseTemplate(source: string): Parsed {
  const { nodes, errors } = new Parser(source).parse();
  const [error] = errors;
  return error ? { ok: false, error } : { ok: true, template: { nodes } };
}

/** The errors of a source, first the one that the API reports. */
export function findProblems(source: string): TemplateError[] {
  return new Parser(source).parse().errors;
}

/** The template of a source that may be wrong: what does not parse stands there as it is written. */
export function parseLeniently(source: string): Template {
  return { nodes: new Parser(source).parse().nodes };
}

/** The variables that a template names. */
export function variablesOf(template: Template): Set<Variable> {
  const found = new Set<Variable>();
  const visit = (nodes: Node[]) => {
    for (const node of nodes) {
      if (node.kind === "text") continue;
      found.add(node.variable);
      if (node.kind === "choice") [node.set, node.unset].forEach(visit);
    }
  };
  visit(template.nodes);
  return found;
}

type Block = "if" | "unless";

/** A block that is not closed yet. */
interface Open extends Range {
  block: Block;
  variable: Variable | undefined;
  /** The nodes around the block. */
  outer: Node[];
  /** The nodes before `{:else}`, once that has been passed. */
  first?: Node[];
}

class Parser {
  private readonly source: string[];
  private at = 0;
  private readonly open: Open[] = [];
  private nodes: Node[] = [];
  private text = "";
  private textStart = 0;
  private readonly errors: TemplateError[] = [];
  /** Ends of blocks that do not exist; they are not reported again. */
  private readonly excused = new Set<string>();

  constructor(source: string) {
    this.source = Array.from(source);
  }

  parse(): { nodes: Node[]; errors: TemplateError[] } {
    const { source } = this;
    if (source.length > MAX_SOURCE_CHARS) {
      this.report("too_long", { start: MAX_SOURCE_CHARS, end: source.length });
      this.addText(source.join(""), source.length);
    }
    while (this.at < source.length && this.errors.length < MAX_PROBLEMS) this.step();
    this.endText();
    for (let open = this.open.at(-1); open; open = this.open.at(-1)) {
      this.report("unclosed_block", open, open.block);
      this.close(open);
    }
    return { nodes: this.nodes, errors: this.errors };
  }

  private step() {
    const { source, at } = this;
    const char = source[at] ?? "";
    if ((char === "{" || char === "}") && source[at + 1] === char) {
      this.addText(char, 2);
    } else if (char === "{") {
      this.tag();
    } else if (char === "}") {
      this.report("stray_brace", { start: at, end: at + 1 });
      this.addText(char, 1);
    } else {
      this.addText(char, 1);
    }
  }

  private addText(text: string, width: number) {
    if (this.text === "") this.textStart = this.at;
    this.text += text;
    this.at += width;
  }

  private endText() {
    if (this.text === "") return;
    this.nodes.push({ kind: "text", text: this.text, start: this.textStart, end: this.at });
    this.text = "";
  }

  private tag() {
    const start = this.at;
    const scanned = scanBraces(this.source, start);
    if (!scanned.closed) {
      this.report("unclosed_brace", { start, end: start + 1 });
      this.addText("{", 1);
      return;
    }
    this.endText();
    this.at = scanned.end + 1;
    const problems = this.errors.length;
    const opened = this.open.length;
    this.readTag(start, { start: start + 1, end: scanned.end });
    if (this.errors.length === problems || this.open.length > opened) return;
    const raw = { start, end: this.at };
    this.nodes.push({ kind: "text", text: this.slice(raw), ...raw });
  }

  private readTag(start: number, range: Range) {
    const inner = this.trimmed(range);
    switch (inner.start < inner.end ? this.source[inner.start] : "") {
      case "#":
        return this.openBlock(inner, start);
      case ":":
        return this.elseTag(inner);
      case "/":
        return this.closeBlock(inner);
      default:
        return this.value(start, range);
    }
  }

  private value(start: number, inner: Range) {
    const [name = inner, ...rest] = splitFilters(this.source, inner);
    const before = this.errors.length;
    const variable = this.variable(name);
    const filters = rest.map((range) => this.filter(this.trimmed(range)));
    if (!variable || this.errors.length > before) return;
    const kept = filters.filter((filter) => filter !== undefined);
    this.nodes.push({ kind: "value", variable, filters: kept, start, end: this.at });
  }

  private variable(range: Range): Variable | undefined {
    const trimmed = this.trimmed(range);
    const name = this.slice(trimmed);
    if (isVariable(name)) return name;
    this.report("unknown_variable", trimmed, name);
    return undefined;
  }

  private filter(range: Range): Filter | undefined {
    const text = this.slice(range);
    const colon = text.indexOf(":");
    const name = colon < 0 ? text : trim(text.slice(0, colon));
    const argument = colon < 0 ? undefined : trim(text.slice(colon + 1));
    const filter = readFilter(name, argument);
    if (typeof filter === "object") return filter;
    this.report(filter, range, name);
    return undefined;
  }

  private openBlock(inner: Range, start: number) {
    const tag = this.slice(inner);
    const name = firstWord(tag);
    if (name !== "#if" && name !== "#unless") {
      this.excused.add(`/${name.slice(1)}`);
      this.report("unknown_block", inner, tag);
      return;
    }
    if (this.open.length === MAX_DEPTH) this.report("too_deep", inner);
    const block = name === "#if" ? "if" : "unless";
    const variable = this.variable({ start: inner.start + name.length, end: inner.end });
    this.open.push({ block, variable, start, end: this.at, outer: this.nodes });
    this.nodes = [];
  }

  private elseTag(inner: Range) {
    const tag = this.slice(inner);
    const open = this.open.at(-1);
    if (tag !== ":else") {
      this.report("unknown_block", inner, tag);
    } else if (!open || open.first) {
      this.report("unexpected_tag", inner, tag);
    } else {
      open.first = this.nodes;
      this.nodes = [];
    }
  }

  private closeBlock(inner: Range) {
    const tag = this.slice(inner);
    const open = this.open.at(-1);
    if (!open || tag !== `/${open.block}`) {
      if (!this.excused.has(tag)) this.report("unexpected_tag", inner, tag);
      return;
    }
    this.close(open);
  }

  private close({ block, variable, start, first, outer }: Open) {
    this.open.pop();
    const [before, after] = first ? [first, this.nodes] : [this.nodes, []];
    const [set, unset] = block === "if" ? [before, after] : [after, before];
    this.nodes = outer;
    if (variable) this.nodes.push({ kind: "choice", variable, set, unset, start, end: this.at });
    else this.nodes.push(...before);
  }

  private slice({ start, end }: Range): string {
    return this.source.slice(start, end).join("");
  }

  private trimmed({ start, end }: Range): Range {
    let [from, to] = [start, end];
    while (from < to && isWhiteSpace(this.source[from] ?? "")) from += 1;
    while (to > from && isWhiteSpace(this.source[to - 1] ?? "")) to -= 1;
    return { start: from, end: to };
  }

  private report(code: ErrorCode, { start, end }: Range, name?: string) {
    const before = this.source.slice(0, start);
    const line = 1 + before.filter((char) => char === "\n").length;
    const column = start - before.lastIndexOf("\n");
    this.errors.push(templateError(code, { start, end, line, column }, name));
  }
}

function firstWord(text: string): string {
  const chars = Array.from(text);
  const end = chars.findIndex(isWhiteSpace);
  return end < 0 ? text : chars.slice(0, end).join("");
}

function readFilter(name: string, argument: string | undefined): Filter | ErrorCode {
  switch (name) {
    case "upper":
    case "lower":
      return argument === undefined ? { kind: name } : "bad_argument";
    case "truncate": {
      const length = /^\+?[0-9]+$/.test(argument ?? "") ? Number(argument) : 0;
      const sane = length >= 1 && length <= MAX_SOURCE_CHARS;
      return sane ? { kind: "truncate", length } : "bad_argument";
    }
    case "default": {
      const text = unquote(argument ?? "");
      return text === undefined ? "bad_argument" : { kind: "default", text };
    }
    default:
      return "unknown_filter";
  }
}

/** The text between quotes, with `\"` and `\\` resolved. */
function unquote(text: string): string | undefined {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return undefined;
  const inner = text.slice(1, -1);
  let result = "";
  for (let at = 0; at < inner.length; at += 1) {
    let char = inner.charAt(at);
    if (char === '"') return undefined;
    if (char === "\\") {
      at += 1;
      char = inner.charAt(at);
      if (char !== '"' && char !== "\\") return undefined;
    }
    result += char;
  }
  return result;
}
