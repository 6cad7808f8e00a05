import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Context } from "./escape";
import { parseTemplate } from "./parse";
import { render, type Values } from "./render";
import { VARIABLES } from "./variables";

interface Vector {
  name: string;
  template: string;
  values?: Values;
  context?: Context;
  limit?: number;
  expect: { text?: string; error?: Record<string, unknown> };
}

const file = readFileSync("../testdata/template-vectors.json", "utf8");
const { cases }: { cases: Vector[] } = JSON.parse(file);

describe("golden vectors", () => {
  it("are all there", () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  it.each(cases)(
    "$name",
    ({ template, values = {}, context = "content", limit, expect: wanted }) => {
      const parsed = parseTemplate(template);
      const got = parsed.ok
        ? { text: render(parsed.template, values, context, limit) }
        : { error: { code: parsed.error.code, ...parsed.error.span } };
      expect(got).toEqual(wanted);
    },
  );
});

it("knows the variables that the server knows, in its order", () => {
  const rust = readFileSync("../crates/types/src/template/variable.rs", "utf8");
  const names = Array.from(rust.matchAll(/^ {4}\w+ "(\w+)" "/gm), ([, name]) => name);
  expect(VARIABLES).toEqual(names);
});

it("calls the same characters ignorable as the server", () => {
  const rust = readFileSync("../crates/types/src/template/escape.rs", "utf8");
  const [, body = ""] = /fn is_default_ignorable[^{]*\{([\s\S]*?)\n\}/.exec(rust) ?? [];
  const ranges = body.matchAll(/'\\u\{(\w+)\}'(?:\.\.='\\u\{(\w+)\}')?/g);
  const theirs = Array.from(ranges, ([, from = "", to = from]) => [
    parseInt(from, 16),
    parseInt(to, 16),
  ]);
  const listed = (code: number) => theirs.some(([from = 0, to = 0]) => from <= code && code <= to);
  const differing = [];
  for (let code = 0; code <= 0xe2000; code += 1) {
    const here = /\p{Default_Ignorable_Code_Point}/u.test(String.fromCodePoint(code));
    if (here !== listed(code)) differing.push(code.toString(16));
  }
  expect(differing).toEqual([]);
});
