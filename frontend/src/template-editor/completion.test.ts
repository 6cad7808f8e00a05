import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { describe, expect, it } from "vitest";
import { stubLayout } from "../test/layout";
import { complete, sampleOf } from "./completion";
import { settingsOf } from "./settings";
import { createWords, VALUES, VARIABLES } from "./testing";

stubLayout();
const t = (await createWords()).getFixedT("en", "editor");
const settings = { t, variables: VARIABLES, values: VALUES, reported: { errors: [], source: "" } };

/** A state of a text in which `▮` marks the cursor. */
function stateOf(text: string): EditorState {
  const anchor = text.indexOf("▮");
  const doc = text.replace("▮", "");
  return EditorState.create({ doc, selection: { anchor }, extensions: settingsOf.of(settings) });
}

function completed(text: string, explicit = false) {
  const state = stateOf(text);
  return complete(new CompletionContext(state, state.selection.main.head, explicit));
}

const labels = (text: string, explicit = false) =>
  completed(text, explicit)?.options.map(({ label }) => label) ?? [];
const names = VARIABLES.map(({ name }) => name);

describe("what is offered", () => {
  it.each([
    ["{▮", [...names, "#if", "#unless"]],
    ["{ti▮", names],
    ["{ ti▮", names],
    ["{#▮", ["#if", "#unless"]],
    ["{#un▮", ["#if", "#unless"]],
    ["{#if ▮", names],
    ["{#unless ga▮", names],
    ["{title|▮", ["truncate", "upper", "lower", "default"]],
    ["{title|upper|tr▮", ["truncate", "upper", "lower", "default"]],
    ["{#if title}{▮", [...names, "/if", ":else", "#if", "#unless"]],
    ["{#if title}{#unless game}{/▮", ["/unless", ":else", "#if", "#unless"]],
    ["text▮", []],
    ["{{▮", []],
    ["{title}▮", []],
    ['{title|default:"▮', []],
    ["{title|truncate:8▮", []],
    ["{#each ▮", []],
    ["{title ga▮", []],
  ])("%s", (text, expected) => {
    expect(labels(text)).toEqual(expected);
  });

  it("is every variable when it is asked for in plain text", () => {
    expect(labels("a ▮ b", true)).toEqual(names);
    expect(completed("a ▮ b", true)?.options[0]).toMatchObject({ apply: "{streamer}" });
  });

  it("has meaning and sample", () => {
    const [streamer] = completed("{▮")?.options ?? [];
    expect(streamer?.detail).toBe("The streamer's display name.");
    const info = streamer?.info;
    const node = typeof info === "function" && info(streamer!);
    expect(node instanceof Node && node.textContent).toBe("Sample: Ana");
  });

  it("keeps the order of the variables", () => {
    const boosts = completed("{▮")?.options.map(({ boost = 0 }) => boost) ?? [];
    expect(boosts.slice(0, 4)).toEqual(boosts.slice(0, 4).sort((a, b) => b - a));
  });
});

function applied(text: string, label: string): string {
  const view = new EditorView({ state: stateOf(text) });
  const result = completed(text);
  const option = result?.options.find((candidate) => candidate.label === label);
  const { head } = view.state.selection.main;
  if (!result || !option || typeof option.apply !== "function") return "not offered";
  option.apply(view, option, result.from, head);
  const cursor = view.state.selection.main.head;
  return `${view.state.sliceDoc(0, cursor)}▮${view.state.sliceDoc(cursor)}`;
}

describe("what is inserted", () => {
  it.each([
    ["{▮", "title", "{title}▮"],
    ["{ti▮ b", "title", "{title}▮ b"],
    ["{ti▮}", "title", "{title}▮"],
    ["{ti▮tle}", "title", "{title}▮"],
    ["{ti▮|upper}", "title", "{title▮|upper}"],
    ["{#▮", "#if", "{#if ▮"],
    ["{#if ▮", "game", "{#if game}▮"],
    ["{#if game}x{▮", "/if", "{#if game}x{/if}▮"],
    ["{#if game}x{:▮", ":else", "{#if game}x{:else}▮"],
    ["{title|▮}", "upper", "{title|upper}▮"],
    ["{title|u▮", "upper", "{title|upper}▮"],
    ["{title|▮", "truncate", "{title|truncate:80}▮"],
    ["{title|▮", "default", '{title|default:"▮"}'],
    ["{title|▮}", "default", '{title|default:"▮"}'],
  ])("%s + %s", (text, label, result) => {
    expect(applied(text, label)).toBe(result);
  });
});

const named = (name: string) => sampleOf({ name, about: "" }, VALUES);

describe("sampleOf", () => {
  it("is what the variable stands for, if anything", () => {
    expect(named("title")).toBe("Any% runs");
    expect(named("ended")).toBeUndefined();
    expect(named("not_of_this_version")).toBeUndefined();
  });
});
