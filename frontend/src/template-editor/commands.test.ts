import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { describe, expect, it } from "vitest";
import { stubLayout } from "../test/layout";
import { changeBetween, insertText, toggleMark, type MarkName } from "./commands";

stubLayout();

/** A view of a text in which `‹` and `›` stand around what is selected. */
function viewOf(text: string): EditorView {
  const [anchor, head] = [text.indexOf("‹"), text.indexOf("›") - 1];
  const doc = text.replaceAll(/[‹›]/g, "");
  return new EditorView({ state: EditorState.create({ doc, selection: { anchor, head } }) });
}

function show({ state }: EditorView): string {
  const { from, to } = state.selection.main;
  return `${state.sliceDoc(0, from)}‹${state.sliceDoc(from, to)}›${state.sliceDoc(to)}`;
}

describe("toggleMark", () => {
  it.each<[MarkName, string, string]>([
    ["bold", "a ‹b› c", "a **‹b›** c"],
    ["bold", "a **‹b›** c", "a ‹b› c"],
    ["bold", "a ‹**b**› c", "a ‹b› c"],
    ["bold", "a ‹›", "a **‹›**"],
    ["bold", "a **‹›**", "a ‹›"],
    ["italic", "‹b›", "*‹b›*"],
    ["italic", "*‹b›*", "‹b›"],
    ["italic", "**‹b›**", "***‹b›***"],
    ["italic", "***‹b›***", "**‹b›**"],
    ["italic", "‹**b**›", "*‹**b**›*"],
    ["bold", "***‹b›***", "*‹b›*"],
    ["strike", "‹{title}›", "~~‹{title}›~~"],
    ["spoiler", "‹a\nb›", "||‹a\nb›||"],
    ["spoiler", "||‹a›||", "‹a›"],
    ["code", "‹a›", "`‹a›`"],
    ["code", "`‹a›`", "‹a›"],
  ])("%s of %j is %j", (name, before, after) => {
    const view = viewOf(before);
    toggleMark(view, name);
    expect(show(view)).toBe(after);
  });

  it("is its own opposite", () => {
    for (const name of ["bold", "italic", "strike", "spoiler", "code"] as const) {
      const view = viewOf("x ‹word› y");
      toggleMark(view, name);
      toggleMark(view, name);
      expect(show(view)).toBe("x ‹word› y");
    }
  });
});

it("insertText replaces what is selected", () => {
  const view = viewOf("a ‹b› c");
  insertText(view, "{title}");
  expect(show(view)).toBe("a {title}‹› c");
});

describe("changeBetween", () => {
  it.each([
    ["", "", { from: 0, to: 0, insert: "" }],
    ["abc", "abc", { from: 3, to: 3, insert: "" }],
    ["abc", "axc", { from: 1, to: 2, insert: "x" }],
    ["abc", "Xabc", { from: 0, to: 0, insert: "X" }],
    ["aa", "aaa", { from: 2, to: 2, insert: "a" }],
    ["aaa", "a", { from: 1, to: 3, insert: "" }],
    ["abc", "", { from: 0, to: 3, insert: "" }],
    ["", "abc", { from: 0, to: 0, insert: "abc" }],
  ])("%j to %j", (before, after, change) => {
    expect(changeBetween(before, after)).toEqual(change);
    expect(before.slice(0, change.from) + change.insert + before.slice(change.to)).toBe(after);
  });
});
