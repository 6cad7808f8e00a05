import { describe, expect, test } from "vitest";
import { categoriesOf, formOf, localOf, momentOf, search, type Command } from "./command";
import { errorsOf, withoutChanged } from "./fieldErrors";
import { holderOf } from "./problems";

const command = (name: string, more: Partial<Command> = {}): Command => ({
  id: name,
  name,
  responses: ["Hello"],
  revision: 1,
  uses: 0,
  updated_at: "2026-11-30T18:00:00Z",
  ...more,
});

describe("the table", () => {
  const all = [
    command("straße", { category: "words" }),
    command("hi", { aliases: ["Moin"], category: "greetings" }),
    command("rank", { responses: ["You are {fetch}"] }),
  ];
  const names = (q: string, category?: string) => search(all, q, category).map(({ name }) => name);

  test("finds names, aliases, answers and categories", () => {
    expect(names("")).toHaveLength(3);
    expect(names("STRASSE".toLowerCase())).toEqual([]);
    expect(names("Straß")).toEqual(["straße"]);
    expect(names("moin")).toEqual(["hi"]);
    expect(names(" YOU are")).toEqual(["rank"]);
    expect(names("greet")).toEqual(["hi"]);
    expect(names("hello", "words")).toEqual(["straße"]);
  });

  test("knows the categories that are in use", () => {
    expect(categoriesOf(all)).toEqual(["greetings", "words"]);
  });
});

test("a form has every field, whatever the API left out", () => {
  const form = formOf(command("hi", { level: "vip", no_cooldown_from: null }));
  expect(form.level).toBe("vip");
  expect(form.no_cooldown_from).toBeNull();
  expect(form.enabled).toBe(true);
  expect(form).not.toHaveProperty("uses");
});

test("a moment goes into a field of the browser's and back", () => {
  const iso = "2026-12-31T18:00:00.000Z";
  expect(momentOf(localOf(iso))).toBe(iso);
  expect(momentOf("")).toBeNull();
  expect(localOf(null)).toBe("");
});

const error = (field: string) => ({ field, code: "invalid", message: "" });

describe("what is wrong", () => {
  const all = [error("allow[0]"), error("allow[2]"), error("allowance"), error("events.raid.text")];

  test("stands at its field, whatever its place in a list", () => {
    expect(errorsOf(all, "allow")).toHaveLength(2);
    expect(errorsOf(all, "allow[2]")).toHaveLength(1);
    expect(errorsOf(all, "events.raid")).toHaveLength(1);
  });

  test("is gone once its field was changed", () => {
    expect(withoutChanged(all, { allow: [] })).toHaveLength(2);
  });

  test("names who holds a name", () => {
    expect(holderOf("The built-in command so has this name. Switch it off to use it.")).toBe("so");
    expect(holderOf("This command has the name already.")).toBeUndefined();
  });
});
