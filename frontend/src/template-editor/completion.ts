import {
  autocompletion,
  pickedCompletion,
  startCompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { contentOf, FILTERS, isVariable, openBlock, openTag } from "~/template-language";
import { settingsOf, type Settings, type TemplateVariable } from "./settings";

/** Offers variables, filters and blocks where they can stand. */
export function completion(): Extension {
  return autocompletion({
    override: [complete],
    icons: false,
    activateOnCompletion: ({ type }) => type === "keyword",
  });
}

/** What can stand at the cursor. */
export function complete(context: CompletionContext): CompletionResult | null {
  const settings = context.state.facet(settingsOf);
  if (!settings) return null;
  const before = context.state.sliceDoc(0, context.pos);
  const inner = openTag(before);
  if (inner === undefined) return context.explicit ? wholeTags(context, settings) : null;
  const part = inner.slice(inner.lastIndexOf("|") + 1);
  const word = /[#:/]?\w*$/.exec(part)?.[0] ?? "";
  const options = optionsFor(part, inner.includes("|"), before, settings);
  if (!options) return null;
  return { from: context.pos - word.length, options, validFor: /^[#:/]?\w*$/ };
}

function optionsFor(
  part: string,
  filtered: boolean,
  before: string,
  settings: Settings,
): Completion[] | undefined {
  if (filtered) return /^\s*\w*$/.test(part) ? filterOptions(settings) : undefined;
  if (/^\s*#(?:if|unless)\s+\w*$/.test(part)) return variableOptions(settings);
  if (/^\s*[#:/]\w*$/.test(part)) return blockOptions(before, settings);
  if (/^\s*$/.test(part)) return [...variableOptions(settings), ...blockOptions(before, settings)];
  return /^\s*\w*$/.test(part) ? variableOptions(settings) : undefined;
}

/** Outside of a tag, variables come with their braces. */
function wholeTags({ pos }: CompletionContext, settings: Settings): CompletionResult {
  const options = variableOptions(settings).map((option) => ({
    ...option,
    apply: `{${option.label}}`,
  }));
  return { from: pos, options };
}

function variableOptions({ variables, values, t }: Settings): Completion[] {
  return variables.map(({ name, about }, place) => ({
    label: name,
    detail: about,
    info: () =>
      infoOf(sampleOf({ name, about }, values) ?? t("variable.notSet"), t("variable.sample")),
    type: "variable",
    boost: -place,
    apply: closing(name),
  }));
}

/** What a variable stands for in the sample, if it is set there. */
export function sampleOf(
  { name }: TemplateVariable,
  values: Settings["values"],
): string | undefined {
  const value = isVariable(name) ? values[name] : undefined;
  return (value && contentOf(value)) || undefined;
}

function filterOptions({ t }: Settings): Completion[] {
  const written = {
    truncate: "truncate:80",
    upper: "upper",
    lower: "lower",
    default: 'default:""',
  };
  return FILTERS.map((name, place) => ({
    label: name,
    detail: t(`filters.${name}`),
    type: "function",
    boost: -place,
    apply: closing(written[name], name === "default" ? 1 : 0),
  }));
}

function blockOptions(before: string, { t }: Settings): Completion[] {
  const block = openBlock(before);
  return [
    ...(block ? [close(`/${block}`, t("blocks.end")), close(":else", t("blocks.else"))] : []),
    open("#if", t("blocks.if")),
    open("#unless", t("blocks.unless")),
  ];
}

function open(label: "#if" | "#unless", about: string): Completion {
  const apply = replacing(`${label} `, startCompletion);
  return { label, detail: about, type: "keyword", boost: -50, apply };
}

function close(label: string, about: string): Completion {
  return { label, detail: about, type: "text", boost: -40, apply: closing(label) };
}

type Apply = (view: EditorView, completion: Completion, from: number, to: number) => void;

/** Inserts a text and the brace behind it; the cursor goes behind that, or `back` characters before. */
function closing(text: string, back = 0): Apply {
  return (view, picked, from, to) => {
    const end = wordEnd(view, to);
    const next = view.state.sliceDoc(end, end + 1);
    const adds = next !== "}" && next !== "|";
    const cursor = from + text.length + (back > 0 ? -back : next === "|" ? 0 : 1);
    view.dispatch({
      changes: { from, to: end, insert: adds ? `${text}}` : text },
      selection: { anchor: cursor },
      userEvent: "input.complete",
      annotations: pickedCompletion.of(picked),
    });
  };
}

function replacing(text: string, then: (view: EditorView) => unknown): Apply {
  return (view, picked, from, to) => {
    view.dispatch({
      changes: { from, to: wordEnd(view, to), insert: text },
      selection: { anchor: from + text.length },
      userEvent: "input.complete",
      annotations: pickedCompletion.of(picked),
    });
    then(view);
  };
}

/** The end of the word that goes on behind `at`. */
function wordEnd({ state }: EditorView, at: number): number {
  const rest = state.sliceDoc(at, at + 40);
  return at + (/^\w*/.exec(rest)?.[0].length ?? 0);
}

function infoOf(sample: string, label: string): Node {
  const info = document.createElement("div");
  info.append(`${label} `);
  const value = document.createElement("code");
  value.textContent = sample;
  info.append(value);
  return info;
}
