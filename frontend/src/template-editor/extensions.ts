import { completionStatus } from "@codemirror/autocomplete";
import { history, historyKeymap, insertNewline, standardKeymap } from "@codemirror/commands";
import { linter, nextDiagnostic } from "@codemirror/lint";
import { EditorState, Prec, type Extension } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { toggleMark } from "./commands";
import { completion } from "./completion";
import { highlighting } from "./highlight";
import { diagnosticsOf, problemsOf } from "./problems";
import { external, settingsOf } from "./settings";

const LINT_DELAY_MS = 500;

/** What a field hands on. */
export interface Handlers {
  /** Called with the text after every change of the user's. */
  onChange: (text: string) => void;
  /** Mod-s; says whether it was taken. */
  onSave: () => boolean;
  /** Mod-Enter; says whether it was taken. */
  onSubmit: () => boolean;
  /** Called when the field gets the focus. */
  onFocus: (view: EditorView) => void;
}

/** Everything that makes a field of a template, apart from its settings. */
export function templateExtensions(multiline: boolean, handlers: Handlers): Extension {
  return [
    history(),
    completion(),
    highlighting(),
    linting(),
    ownKeys(multiline, handlers),
    keymap.of([...historyKeymap, ...standardKeymap]),
    multiline ? EditorView.lineWrapping : singleLine(),
    EditorView.domEventHandlers({ focus: (_, view) => handlers.onFocus(view) }),
    EditorView.updateListener.of(({ state, transactions }) => {
      const own = transactions.some((tr) => tr.docChanged && !tr.annotation(external));
      if (own) handlers.onChange(state.doc.toString());
    }),
  ];
}

function ownKeys(multiline: boolean, { onSave, onSubmit }: Handlers): Extension {
  return Prec.high(
    keymap.of([
      { key: "Mod-s", run: onSave },
      { key: "Mod-Enter", run: onSubmit },
      { key: "Mod-b", run: (view) => toggleMark(view, "bold") },
      { key: "Mod-i", run: (view) => toggleMark(view, "italic") },
      { key: "F8", run: nextDiagnostic },
      { key: "Enter", run: (view) => (multiline ? insertNewline(view) : !choosing(view)) },
    ]),
  );
}

/** Whether Enter would choose a completion. */
function choosing(view: EditorView): boolean {
  return completionStatus(view.state) === "active";
}

function linting(): Extension {
  return linter(
    ({ state }) => {
      const settings = state.facet(settingsOf);
      if (!settings) return [];
      const { reported, t } = settings;
      return diagnosticsOf(problemsOf(state.doc.toString(), reported, t), t);
    },
    {
      delay: LINT_DELAY_MS,
      needsRefresh: ({ startState, state }) =>
        startState.facet(settingsOf) !== state.facet(settingsOf),
    },
  );
}

/** Keeps the user from adding lines; pasted ones are joined. */
function singleLine(): Extension {
  return [
    EditorView.clipboardInputFilter.of((text) => text.replaceAll(/\s*\n\s*/g, " ")),
    EditorState.transactionFilter.of((tr) => {
      const adds = tr.docChanged && tr.newDoc.lines > tr.startState.doc.lines;
      return adds && !tr.annotation(external) ? [] : tr;
    }),
  ];
}
