import type { Diagnostic } from "@codemirror/lint";
import type { EditorView } from "@codemirror/view";
import type { TFunction } from "i18next";
import {
  charOffsets,
  findProblems,
  type ErrorCode,
  type Span,
  type TemplateError,
} from "~/template-language";

/** An error that the server reported of a field. */
export interface ReportedError {
  code: string;
  message: string;
  span?: Span | null;
}

/** Something wrong, with its place in UTF-16 units as the editor counts. */
export interface Problem {
  from: number;
  to: number;
  code: string;
  message: string;
  fix?: Fix;
}

/** A replacement that would right it. */
export interface Fix {
  from: number;
  to: number;
  /** What stands there. */
  replaces: string;
  insert: string;
}

/** What is wrong in a source; what the server reported counts for the source it was reported of. */
export function problemsOf(
  source: string,
  reported: { errors: readonly ReportedError[]; source: string },
  t: TFunction<"editor">,
): Problem[] {
  const offsets = charOffsets(source);
  const at = (char: number) => offsets[char] ?? source.length;
  const own = findProblems(source).map((error) => ownProblem(error, at, t));
  const others = reported.source === source ? reported.errors : [];
  const known = ({ code, from }: Problem) =>
    own.some((problem) => problem.code === code && problem.from === from);
  const added = others.map(({ code, message, span }) => {
    const [from, to] = span ? [at(span.start), at(span.end)] : [0, source.length];
    return { code, message, from, to };
  });
  return [...own, ...added.filter((problem) => !known(problem))];
}

function ownProblem(
  error: TemplateError,
  at: (char: number) => number,
  t: TFunction<"editor">,
): Problem {
  const { code, name, suggestion, span } = error;
  const [from, to] = [at(span.start), at(span.end)];
  const problem = { code, from, to, message: messageOf(error, t) };
  if (suggestion === undefined) return problem;
  return { ...problem, fix: { from, to: from + name.length, replaces: name, insert: suggestion } };
}

const KEYS = {
  unknown_variable: "unknownVariable",
  unknown_filter: "unknownFilter",
  bad_argument: "badArgument",
  unknown_block: "unknownBlock",
  unclosed_brace: "unclosedBrace",
  stray_brace: "strayBrace",
  unclosed_block: "unclosedBlock",
  unexpected_tag: "unexpectedTag",
  too_deep: "tooDeep",
  too_long: "tooLong",
} as const satisfies Record<ErrorCode, string>;

/** The error in the reader's language; braces are filled in, for they mean something in the file. */
function messageOf({ code, name, suggestion }: TemplateError, t: TFunction<"editor">): string {
  const words = {
    name,
    near:
      suggestion === undefined ? "" : code === "unknown_filter" ? suggestion : `{${suggestion}}`,
    tag: `{${name}}`,
    start: `{#${name}}`,
    end: `{/${name}}`,
    openTwice: "{{",
    closeTwice: "}}",
    interpolation: { escapeValue: false },
  };
  if (code === "bad_argument" && (name === "truncate" || name === "default")) {
    return t(`problems.${name}Argument`, words);
  }
  const near = suggestion === undefined ? "" : "Near";
  if (code === "unknown_variable") return t(`problems.unknownVariable${near}`, words);
  if (code === "unknown_filter") return t(`problems.unknownFilter${near}`, words);
  return t(`problems.${KEYS[code]}`, words);
}

/** Problems as the editor underlines them. */
export function diagnosticsOf(problems: Problem[], t: TFunction<"editor">): Diagnostic[] {
  return problems.map(({ from, to, message, fix }) => ({
    from,
    to,
    severity: "error",
    message,
    actions: fix
      ? [
          {
            name: fixLabel(fix, t),
            apply: (view) => applyFix(view, fix),
          },
        ]
      : [],
  }));
}

/** Makes the replacement, if the text has not changed meanwhile. */
export function applyFix(view: EditorView, fix: Fix) {
  if (view.state.sliceDoc(fix.from, fix.to) !== fix.replaces) return;
  view.dispatch({ changes: fix, userEvent: "input.fix" });
}

/** What the button of a fix says. */
export function fixLabel({ insert }: Fix, t: TFunction<"editor">): string {
  return t("problems.fix", { near: insert });
}
