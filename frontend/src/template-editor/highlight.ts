import { Prec, RangeSetBuilder, type Extension } from "@codemirror/state";
import {
  Decoration,
  Direction,
  EditorView,
  ViewPlugin,
  type DecorationSet,
  type PluginValue,
  type ViewUpdate,
} from "@codemirror/view";
import { charOffsets, isVariable, tokenize, type Token } from "~/template-language";
import styles from "./template-editor.module.css";

const LINE = Decoration.line({ attributes: { dir: "auto" } });
const MARKS = {
  brace: Decoration.mark({ class: styles.brace }),
  escape: Decoration.mark({ class: styles.escape }),
  variable: Decoration.mark({ class: styles.variable }),
  unknown: Decoration.mark({ class: styles.unknown }),
  keyword: Decoration.mark({ class: styles.keyword }),
  filter: Decoration.mark({ class: styles.filter }),
  argument: Decoration.mark({ class: styles.argument }),
};
/** A tag reads from left to right, whatever the text around it does. */
const TAG = Decoration.mark({ class: styles.tag, bidiIsolate: Direction.LTR });

class Highlighter implements PluginValue {
  marks: DecorationSet = Decoration.none;
  tags: DecorationSet = Decoration.none;
  lines: DecorationSet = Decoration.none;

  constructor(view: EditorView) {
    this.read(view);
  }

  update(update: ViewUpdate) {
    if (update.docChanged) this.read(update.view);
  }

  private read({ state }: EditorView) {
    const source = state.doc.toString();
    const tokens = tokenize(source);
    const offsets = charOffsets(source);
    const at = (char: number) => offsets[char] ?? source.length;
    const marks = new RangeSetBuilder<Decoration>();
    for (const token of tokens) marks.add(at(token.start), at(token.end), markOf(token));
    const tags = new RangeSetBuilder<Decoration>();
    for (const [start, end] of tagsOf(tokens)) tags.add(at(start), at(end), TAG);
    const lines = new RangeSetBuilder<Decoration>();
    for (let n = 1; n <= state.doc.lines; n += 1) {
      const { from } = state.doc.line(n);
      lines.add(from, from, LINE);
    }
    [this.marks, this.tags, this.lines] = [marks.finish(), tags.finish(), lines.finish()];
  }
}

function markOf({ kind, text }: Token): Decoration {
  return kind === "variable" && !isVariable(text) ? MARKS.unknown : MARKS[kind];
}

/** Where tags begin and end, those that are closed. */
function tagsOf(tokens: Token[]): [number, number][] {
  const tags: [number, number][] = [];
  let open: number | undefined;
  for (const { kind, text, start, end } of tokens) {
    if (kind !== "brace") continue;
    if (text === "}" && open !== undefined) tags.push([open, end]);
    open = text === "{" ? start : undefined;
  }
  return tags;
}

/** Colours the tags of a template, and reads every line in its own direction. */
export function highlighting(): Extension {
  const plugin = ViewPlugin.fromClass(Highlighter, {
    decorations: ({ marks }) => marks,
    provide: (self) => {
      const part = (name: "tags" | "lines") => (view: EditorView) =>
        view.plugin(self)?.[name] ?? Decoration.none;
      return [
        EditorView.decorations.of(part("lines")),
        Prec.lowest([
          EditorView.decorations.of(part("tags")),
          EditorView.bidiIsolatedRanges.of(part("tags")),
        ]),
      ];
    },
  });
  return [plugin, EditorView.perLineTextDirection.of(true)];
}
