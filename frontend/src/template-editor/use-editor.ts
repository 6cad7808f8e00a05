import { Compartment, EditorState, Transaction, type Extension } from "@codemirror/state";
import { EditorView, placeholder } from "@codemirror/view";
import { useEffect, useEffectEvent, useMemo, useRef, useState, type RefObject } from "react";
import { FIELD_RULES, type FieldKind } from "~/template-language";
import { changeBetween } from "./commands";
import { templateExtensions, type Handlers } from "./extensions";
import { useFocusRegistry } from "./focus";
import { external, settingsOf, type Settings } from "./settings";

/** What an editor is made of; `value`, `settings` and `look` may change while it lives. */
export interface EditorOptions {
  value: string;
  onChange: (value: string) => void;
  onSave: (() => void) | undefined;
  onSubmit: (() => void) | undefined;
  kind: FieldKind;
  multiline: boolean;
  settings: Settings;
  look: Look;
}

/** How an editor presents itself. */
export interface Look {
  placeholder: string;
  readOnly: boolean;
  label: string;
  description: string;
  invalid: boolean;
}

/** Keeps an editor in an element, in step with its options. */
export function useEditor(
  host: RefObject<HTMLElement | null>,
  { value, kind, multiline, settings, look, ...callbacks }: EditorOptions,
): RefObject<EditorView | null> {
  const view = useRef<EditorView>(null);
  /** Texts that were handed on and have not come back as the value yet. */
  const pending = useRef<string[]>([]);
  const [changing] = useState(() => new Compartment());
  const registry = useFocusRegistry();
  const { context } = FIELD_RULES[kind];
  const config = useMemo(() => configOf(settings, look, multiline), [settings, look, multiline]);

  const onChange = useEffectEvent((text: string) => {
    pending.current.push(text);
    callbacks.onChange(text);
  });
  const onSave = useEffectEvent(() => called(callbacks.onSave));
  const onSubmit = useEffectEvent(() => called(callbacks.onSubmit));
  const create = useEffectEvent((parent: HTMLElement, lines: boolean, handlers: Handlers) => {
    const extensions = [changing.of(config), templateExtensions(lines, handlers)];
    const doc = withPlainBreaks(value);
    return new EditorView({ parent, state: EditorState.create({ doc, extensions }) });
  });

  useEffect(() => {
    if (!host.current) return undefined;
    const editor = create(host.current, multiline, {
      onChange: (text) => onChange(text),
      onSave: () => onSave(),
      onSubmit: () => onSubmit(),
      onFocus: (focused) => registry.focused({ view: focused, context }),
    });
    view.current = editor;
    return () => {
      registry.removed(editor);
      editor.destroy();
      view.current = null;
    };
  }, [host, multiline, context, registry]);

  useEffect(() => {
    view.current?.dispatch({ effects: changing.reconfigure(config) });
  }, [changing, config]);

  useEffect(() => {
    const echo = pending.current.indexOf(value);
    if (echo >= 0) pending.current.splice(0, echo + 1);
    else if (view.current) replace(view.current, withPlainBreaks(value));
  }, [value]);

  return view;
}

function called(callback: (() => void) | undefined): boolean {
  callback?.();
  return callback !== undefined;
}

function withPlainBreaks(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n");
}

/** Brings in a text from outside; the cursor stays where it was in what both have. */
function replace(view: EditorView, text: string) {
  const current = view.state.doc.toString();
  if (current === text) return;
  view.dispatch({
    changes: changeBetween(current, text),
    annotations: [external.of(true), Transaction.addToHistory.of(false)],
  });
}

function configOf(settings: Settings, look: Look, multiline: boolean): Extension {
  return [
    settingsOf.of(settings),
    placeholder(look.placeholder),
    EditorState.readOnly.of(look.readOnly),
    EditorState.phrases.of({ Completions: settings.t("completions") }),
    EditorView.contentAttributes.of({
      "aria-labelledby": look.label,
      "aria-describedby": look.description,
      "aria-invalid": String(look.invalid),
      "aria-multiline": String(multiline),
      "aria-readonly": String(look.readOnly),
      // Sources are no prose: corrections would break them.
      autocapitalize: "off",
      autocorrect: "off",
      spellcheck: "false",
    }),
  ];
}
