import { EditorSelection, type EditorState } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";

/** The marks that can be put around a text. */
const MARKS = { bold: "**", italic: "*", strike: "~~", spoiler: "||", code: "`" } as const;

/** The name of a mark. */
export type MarkName = keyof typeof MARKS;

/** Puts a mark around what is selected, or takes it away. */
export function toggleMark(view: EditorView, name: MarkName): boolean {
  const mark = MARKS[name];
  const change = view.state.changeByRange((range) => {
    const { from, to, anchor, head } = range;
    const around = { from: from - mark.length, to: to + mark.length };
    const marked = [around, { from, to }].find((ends) => isMarked(view.state, ends, mark));
    if (marked) return withoutMark(marked, mark.length);
    return {
      changes: [
        { from, insert: mark },
        { from: to, insert: mark },
      ],
      range: EditorSelection.range(anchor + mark.length, head + mark.length),
    };
  });
  view.dispatch(view.state.update(change, { userEvent: "input.mark", scrollIntoView: true }));
  return true;
}

interface Ends {
  from: number;
  to: number;
}

/** Whether a range begins and ends with this mark; one star is not half of two. */
function isMarked({ doc }: EditorState, { from, to }: Ends, mark: string): boolean {
  if (from < 0 || to > doc.length || to - from < 2 * mark.length) return false;
  const text = doc.toString();
  if (!text.startsWith(mark, from) || !text.endsWith(mark, to)) return false;
  if (mark !== MARKS.italic) return true;
  let [start, end] = [from, to];
  while (text[start - 1] === "*") start -= 1;
  while (text[end] === "*") end += 1;
  return runLength(text, start, 1) % 2 === 1 && runLength(text, end - 1, -1) % 2 === 1;
}

function runLength(text: string, from: number, step: 1 | -1): number {
  let length = 0;
  while (text[from + length * step] === "*") length += 1;
  return length;
}

function withoutMark({ from, to }: Ends, length: number) {
  return {
    changes: [
      { from, to: from + length },
      { from: to - length, to },
    ],
    range: EditorSelection.range(from, to - 2 * length),
  };
}

/** Puts a text in place of what is selected, the cursor behind it. */
export function insertText(view: EditorView, text: string) {
  view.dispatch(view.state.replaceSelection(text), {
    userEvent: "input.insert",
    scrollIntoView: true,
  });
}

/** The change from one text to another that keeps what both begin and end with. */
export function changeBetween(before: string, after: string) {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}
