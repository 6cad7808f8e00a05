import { startCompletion, completionStatus } from "@codemirror/autocomplete";
import { undo } from "@codemirror/commands";
import { EditorView } from "@codemirror/view";
import {
  act,
  cleanup,
  configure,
  fireEvent,
  render,
  screen,
  waitFor,
} from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { StrictMode, useState } from "react";
import { I18nextProvider } from "react-i18next";
import { afterEach, describe, expect, it, vi } from "vitest";
import { stubLayout } from "../test/layout";
import { TemplateField, type TemplateFieldProps } from "./TemplateField";
import { createWords, VALUES, VARIABLES } from "./testing";

const words = await createWords();

stubLayout();
// An editor in jsdom is slow on a busy machine.
vi.setConfig({ testTimeout: 30_000 });
configure({ asyncUtilTimeout: 10_000 });
afterEach(cleanup);

interface FormProps extends Partial<TemplateFieldProps> {
  value: string;
  /** What the parent makes of a text before it keeps it. */
  change?: (text: string) => string;
}

/** A parent that keeps the value, as pages do. */
function Form({ value, onChange, change = String, ...rest }: FormProps) {
  const [text, setText] = useState(value);
  return (
    <I18nextProvider i18n={words}>
      <TemplateField
        label="Message"
        kind="content"
        variables={VARIABLES}
        values={VALUES}
        value={text}
        onChange={(next) => {
          setText(change(next));
          onChange?.(next);
        }}
        {...rest}
      />
      <button type="button" onClick={() => setText((old) => `PRE ${old}`)}>
        elsewhere
      </button>
    </I18nextProvider>
  );
}

function show(value: string, props: Omit<FormProps, "value"> = {}) {
  const { container } = render(<Form value={value} {...props} />, { wrapper: StrictMode });
  const editor = container.querySelector<HTMLElement>(".cm-editor");
  const view = editor && EditorView.findFromDOM(editor);
  if (!view) throw new Error("there is no editor");
  return { view, container };
}

const counter = () => screen.getByText(/^\d+\/\d+$/);
const box = () => screen.getByLabelText("Message");
const type = (view: EditorView, text: string) =>
  act(() => view.dispatch(view.state.replaceSelection(text), { userEvent: "input.type" }));
const press = (key: string, modifiers: Partial<KeyboardEventInit> = {}) =>
  fireEvent.keyDown(box(), { key, ...modifiers });

describe("the field", () => {
  it("has name, description and placeholder", () => {
    show("", { description: "Above the embed.", placeholder: "Say something" });
    expect(box()).toHaveAccessibleDescription(/Above the embed\. Tab leaves the field.*0 of 2000/);
    expect(screen.getByText("Say something")).toBeInTheDocument();
    expect(screen.getByRole("textbox", { name: "Message" })).toBe(box());
    expect(box()).toHaveAttribute("aria-multiline", "false");
  });

  it("gets the focus by its label", async () => {
    show("");
    await userEvent.click(screen.getByText("Message"));
    expect(box()).toHaveFocus();
  });

  it("leaves the Tab key to the page", () => {
    show("");
    expect(press("Tab")).toBe(true);
  });

  it("can be read only", () => {
    const { view } = show("abc", { readOnly: true });
    expect(box()).toHaveAttribute("aria-readonly", "true");
    expect(view.state.readOnly).toBe(true);
  });

  it("colours tags, and keeps them together in text from right to left", () => {
    const { container } = show("مرحبا {title|upper} {#if game}x{/if} {nope} {{");
    const texts = (name: string) =>
      Array.from(container.querySelectorAll(`[class*="_${name}_"]`), (node) => node.textContent);
    expect(texts("variable")).toEqual(["title", "game"]);
    expect(texts("unknown")).toEqual(["nope"]);
    expect(texts("keyword")).toEqual(["#if", "/if"]);
    expect(texts("filter")).toEqual(["upper"]);
    expect(texts("escape")).toEqual(["{{"]);
    expect(texts("tag")[0]).toBe("{title|upper}");
    expect(container.querySelector(".cm-line")).toHaveAttribute("dir", "auto");
  });
});

describe("the value", () => {
  it("is handed on with every change", () => {
    const onChange = vi.fn<(text: string) => void>();
    const { view } = show("", { onChange });
    type(view, "a");
    type(view, "b");
    expect(onChange.mock.calls).toEqual([["a"], ["ab"]]);
    expect(view.state.doc.toString()).toBe("ab");
  });

  it("may change elsewhere, without losing the cursor or calling back", async () => {
    const onChange = vi.fn<(text: string) => void>();
    const { view } = show("abc", { onChange });
    act(() => view.dispatch({ selection: { anchor: 2 } }));
    await userEvent.click(screen.getByText("elsewhere"));
    expect(view.state.doc.toString()).toBe("PRE abc");
    expect(view.state.selection.main.head).toBe(6);
    expect(onChange).not.toHaveBeenCalled();
  });

  it("from elsewhere is not undone, what was typed is", async () => {
    const { view } = show("abc");
    act(() => view.dispatch({ selection: { anchor: 3 } }));
    type(view, "d");
    await userEvent.click(screen.getByText("elsewhere"));
    act(() => void undo(view));
    expect(view.state.doc.toString()).toBe("PRE abc");
  });

  it("may be another than what was handed on", () => {
    const { view } = show("", { change: (text) => text.toUpperCase() });
    type(view, "a");
    type(view, "b");
    expect(view.state.doc.toString()).toBe("AB");
  });

  it("with line breaks of Windows stays as it is until somebody types", () => {
    const onChange = vi.fn<(text: string) => void>();
    const { view } = show("a\r\nb", { multiline: true, onChange });
    expect(view.state.doc.lines).toBe(2);
    expect(onChange).not.toHaveBeenCalled();
  });
});

describe("lines", () => {
  it("stay one in a field of one", () => {
    const { view } = show("ab");
    type(view, "x\ny");
    expect(view.state.doc.toString()).toBe("ab");
    press("Enter");
    expect(view.state.doc.lines).toBe(1);
  });

  it("stay as many as they were when the value has several all the same", () => {
    const { view } = show("a\nb");
    type(view, "x");
    expect(view.state.doc.toString()).toBe("xa\nb");
  });

  it("are added by Enter in a field of several", () => {
    const { view } = show("ab", { multiline: true });
    press("Enter");
    expect(view.state.doc.toString()).toBe("\nab");
    expect(box()).toHaveAttribute("aria-multiline", "true");
  });
});

describe("the counter", () => {
  it("counts what Discord would count", () => {
    show("{streamer}: {title}!");
    expect(counter()).toHaveTextContent("15/2000");
  });

  it("knows the limit of the field", () => {
    show("{title}", { kind: "title" });
    expect(counter()).toHaveTextContent("9/256");
  });

  it("goes on while a tag is incomplete", () => {
    show("ab {ti");
    expect(counter()).toHaveTextContent("6/2000");
  });

  it.each([
    [230, "fine", ""],
    [231, "near", "The text is close to its limit of 256 characters."],
    [256, "near", "The text is close to its limit of 256 characters."],
    [
      257,
      "over",
      "The text is over its limit of 256 characters; what is too long will be shortened.",
    ],
  ])("%d of 256 is %s", (length, level, announced) => {
    show("x".repeat(length), { kind: "title" });
    expect(counter().parentElement).toHaveAttribute("data-level", level);
    expect(screen.getByRole("status")).toHaveTextContent(announced);
  });
});

describe("problems", () => {
  it("are listed with their fix, which is one click", async () => {
    const { view } = show("Hi {gmae}!");
    expect(await screen.findByText(/There is no \{gmae\}/)).toBeVisible();
    expect(box()).toHaveAttribute("aria-invalid", "true");
    await userEvent.click(screen.getByRole("button", { name: "Replace with game" }));
    expect(view.state.doc.toString()).toBe("Hi {game}!");
    expect(screen.queryByRole("list")).toBeNull();
    expect(box()).toHaveFocus();
    expect(box()).toHaveAttribute("aria-invalid", "false");
  });

  it("wait until the typing pauses, and go at once", async () => {
    const { view } = show("");
    type(view, "{");
    expect(screen.queryByRole("list")).toBeNull();
    expect(await screen.findByText(/This brace is not closed/)).toBeVisible();
    type(view, "{");
    expect(screen.queryByRole("list")).toBeNull();
  });

  it("are underlined", async () => {
    const { container } = show("Hi {gmae}!");
    await waitFor(() =>
      expect(container.querySelector(".cm-lintRange-error")).toHaveTextContent("gmae"),
    );
  });

  it("of the server are shown until the text is changed", async () => {
    const errors = [{ code: "invalid", message: "Not on a Monday." }];
    const { view } = show("abc", { errors });
    expect(await screen.findByText("Not on a Monday.")).toBeVisible();
    type(view, "x");
    expect(screen.queryByText("Not on a Monday.")).toBeNull();
  });
});

describe("keys", () => {
  it("Mod-s and Mod-Enter are handed on", () => {
    const [onSave, onSubmit] = [vi.fn<() => void>(), vi.fn<() => void>()];
    const { view } = show("ab", { multiline: true, onSave, onSubmit });
    expect(press("s", { ctrlKey: true, keyCode: 83 })).toBe(false);
    expect(press("Enter", { ctrlKey: true, keyCode: 13 })).toBe(false);
    expect(onSave).toHaveBeenCalledOnce();
    expect(onSubmit).toHaveBeenCalledOnce();
    expect(view.state.doc.toString()).toBe("ab");
  });

  it("Mod-s is the browser's where nobody takes it", () => {
    show("ab");
    expect(press("s", { ctrlKey: true, keyCode: 83 })).toBe(true);
  });

  it("Mod-b makes bold", () => {
    const { view } = show("ab");
    act(() => view.dispatch({ selection: { anchor: 0, head: 2 } }));
    press("b", { ctrlKey: true, keyCode: 66 });
    expect(view.state.doc.toString()).toBe("**ab**");
  });

  it("Ctrl-Space asks for variables", async () => {
    const { view } = show("ab");
    act(() => view.focus());
    act(() => void startCompletion(view));
    await waitFor(() => expect(completionStatus(view.state)).toBe("active"));
    expect(await screen.findByRole("listbox", { name: "Suggestions" })).toBeInTheDocument();
  });
});
