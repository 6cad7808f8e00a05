import { closest, FILTERS, VARIABLES } from "./variables";

/** The longest source, in characters. */
export const MAX_SOURCE_CHARS = 4000;
/** How deep blocks may stand in each other. */
export const MAX_DEPTH = 16;

/** Characters (Unicode scalar values) from `start` to before `end`. */
export interface Range {
  start: number;
  end: number;
}

/** A range with the line and column of its start, both from 1. */
export interface Span extends Range {
  line: number;
  column: number;
}

/** The API's stable codes. */
export type ErrorCode =
  | "unknown_variable"
  | "unknown_filter"
  | "bad_argument"
  | "unknown_block"
  | "unclosed_brace"
  | "stray_brace"
  | "unclosed_block"
  | "unexpected_tag"
  | "too_deep"
  | "too_long";

/** What is wrong in a source, and where. */
export interface TemplateError {
  code: ErrorCode;
  span: Span;
  /** The name that stands there: a variable, filter, block or tag. */
  name: string;
  /** What was probably meant. */
  suggestion?: string;
}

const MAX_SHOWN_CHARS = 40;

/** An error, with a suggestion where there is one. */
export function templateError(code: ErrorCode, span: Span, name = ""): TemplateError {
  const shown = Array.from(name).slice(0, MAX_SHOWN_CHARS).join("");
  const suggestion = suggestionFor(code, shown);
  return { code, span, name: shown, ...(suggestion === undefined ? {} : { suggestion }) };
}

function suggestionFor(code: ErrorCode, name: string): string | undefined {
  if (code === "unknown_variable") return closest(name, VARIABLES);
  if (code === "unknown_filter") return closest(name, FILTERS);
  return undefined;
}

const EXPECTED: Record<string, string> = {
  upper: "no argument",
  lower: "no argument",
  truncate: "a length from 1 to 4000, as in truncate:80",
  default: 'a text in quotes, as in default:"something"',
};

/** The sentence with which the API describes the error. */
export function describeError({ code, name, suggestion }: TemplateError): string {
  switch (code) {
    case "unknown_variable":
      return suggestion === undefined
        ? `there is no {${name}}: choose one of the listed variables, or write {{ for a brace`
        : `there is no {${name}}: did you mean {${suggestion}}?`;
    case "unknown_filter":
      return `there is no filter \`${name}\`: use truncate, upper, lower or default`;
    case "bad_argument":
      return `\`${name}\` needs ${EXPECTED[name] ?? "another argument"}`;
    case "unknown_block":
      return `there is no {${name}}: use {#if …}, {#unless …} or {:else}`;
    case "unclosed_brace":
      return "this { has no }: close it, or write {{ for a brace";
    case "stray_brace":
      return "this } has no {: write }} for a brace";
    case "unclosed_block":
      return `this {#${name}} has no end: add {/${name}}`;
    case "unexpected_tag":
      return `{${name}} closes nothing that is open here`;
    case "too_deep":
      return `blocks may stand ${MAX_DEPTH} deep in each other, not deeper`;
    default:
      return `a template has ${MAX_SOURCE_CHARS} characters at most`;
  }
}
