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
