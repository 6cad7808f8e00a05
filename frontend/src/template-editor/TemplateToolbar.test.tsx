import { MantineProvider } from "@mantine/core";
import { EditorView } from "@codemirror/view";
import { act, cleanup, configure, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { I18nextProvider } from "react-i18next";
import { afterEach, describe, expect, it, vi } from "vitest";
import { stubLayout } from "../test/layout";
import { TemplateEditors } from "./focus";
import { TemplateField } from "./TemplateField";
import { TemplateToolbar } from "./TemplateToolbar";
import { createWords, VALUES, VARIABLES } from "./testing";

const words = await createWords();
const given = { variables: VARIABLES, values: VALUES };

function Page() {
  const [message, setMessage] = useState("Hello");
  const [footer, setFooter] = useState("");
  return (
    <I18nextProvider i18n={words}>
      <MantineProvider env="test">
        <TemplateEditors>
          <TemplateToolbar {...given} />
          <TemplateField
            {...given}
            label="Message"
            kind="content"
            value={message}
            onChange={setMessage}
          />
          <TemplateField
            {...given}
            label="Footer"
            kind="footer"
            value={footer}
            onChange={setFooter}
          />
        </TemplateEditors>
      </MantineProvider>
    </I18nextProvider>
  );
}

function viewOf(name: string): EditorView {
  const view = EditorView.findFromDOM(screen.getByLabelText(name));
  if (!view) throw new Error(`there is no field ${name}`);
  return view;
}

const text = (name: string) => viewOf(name).state.doc.toString();
const focus = (name: string) => act(() => viewOf(name).focus());
const tool = (name: string) => screen.getByLabelText(name);
/** Without a look at styles, which takes jsdom long. */
const user = userEvent.setup({ pointerEventsCheck: 0 });
const click = (name: string) => user.click(tool(name));

stubLayout();
// An editor in jsdom is slow on a busy machine.
vi.setConfig({ testTimeout: 30_000 });
configure({ asyncUtilTimeout: 10_000 });
afterEach(cleanup);

describe("the toolbar", () => {
  it("acts on what is selected in the field that has the focus", async () => {
    render(<Page />);
    focus("Message");
    act(() => viewOf("Message").dispatch({ selection: { anchor: 0, head: 5 } }));
    await click("Bold");
    expect(text("Message")).toBe("**Hello**");
    await click("Spoiler");
    expect(text("Message")).toBe("**||Hello||**");
    expect(viewOf("Message").hasFocus).toBe(true);
  });

  it("inserts the mention and any variable", async () => {
    render(<Page />);
    focus("Message");
    await click("Insert mention");
    expect(text("Message")).toBe("{mention}Hello");
    await click("Insert variable");
    await user.click(await screen.findByRole("menuitem", { name: /\{game\}/ }));
    expect(text("Message")).toBe("{mention}{game}Hello");
  });

  it("lists variables with meaning and sample", async () => {
    render(<Page />);
    focus("Message");
    await click("Insert variable");
    const item = await screen.findByRole("menuitem", { name: /\{title\}/ });
    expect(item).toHaveTextContent("The title of the stream.");
    expect(item).toHaveTextContent("Sample: Any% runs");
    expect(screen.getByRole("menuitem", { name: /\{ended\}/ })).toHaveTextContent("not set");
  });

  it("says why it can do nothing", async () => {
    render(<Page />);
    const idle = tool("Bold: Choose a field first");
    expect(idle).toHaveAttribute("aria-disabled", "true");
    await user.click(idle);
    expect(text("Message")).toBe("Hello");
  });

  it("offers no formatting where none is shown", async () => {
    render(<Page />);
    focus("Footer");
    expect(tool("Bold: This field shows no formatting")).toHaveAttribute("aria-disabled", "true");
    await click("Insert mention");
    expect(text("Footer")).toBe("{mention}");
  });

  it("is one stop for Tab; the arrows go on", async () => {
    render(<Page />);
    focus("Message");
    act(() => tool("Bold").focus());
    await user.keyboard("{ArrowRight}");
    expect(tool("Italic")).toHaveFocus();
    await user.keyboard("{End}");
    expect(tool("Insert mention")).toHaveFocus();
    await user.keyboard("{ArrowRight}");
    expect(tool("Bold")).toHaveFocus();
    const tools = Array.from(document.querySelectorAll<HTMLElement>("[data-tool]"));
    const stops = tools.filter(({ tabIndex }) => tabIndex === 0);
    expect(stops).toHaveLength(1);
  });

  it("forgets a field that is gone", () => {
    const { rerender } = render(<Page />);
    focus("Message");
    expect(tool("Bold")).toBeVisible();
    rerender(<Page key="another" />);
    expect(tool("Bold: Choose a field first")).toBeVisible();
  });
});
