import { describe, expect, test } from "vitest";
import de from "./de";
import deApp from "./de-app";
import deBot from "./de-bot";
import deSetup from "./de-setup";
import en from "./en";
import enApp from "./en-app";
import enBot from "./en-bot";
import enSetup from "./en-setup";

/** Every text of a language, by `namespace:path.of.its.key`. */
function texts(namespaces: Record<string, unknown>): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (value: unknown, path: string) => {
    if (typeof value === "string") return found.set(path, value);
    for (const [key, inner] of Object.entries(value as object)) walk(inner, `${path}.${key}`);
  };
  for (const [namespace, keys] of Object.entries(namespaces)) walk(keys, namespace);
  return found;
}

/** The names that a text puts values in for, and the tags around its parts. */
function marks(text: string): string[] {
  const names = [...text.matchAll(/\{\{\s*([\w.]+).*?\}\}/g)].map(([, name]) => `{{${name}}}`);
  const tags = [...text.matchAll(/<(\w+)[ />]/g)].map(([, name]) => `<${name}>`);
  return [...new Set([...names, ...tags])].sort();
}

const ORDINAL = /_ordinal_\w+$/;

/** The texts' keys; "3rd" and "4th" are forms of one text, and each language has its own. */
function stems(all: Map<string, string>): string[] {
  return [...new Set([...all.keys()].map((key) => key.replace(ORDINAL, "_ordinal")))].sort();
}

const english = texts({ ...en, ...enApp, ...enSetup, ...enBot });
const german = texts({ ...de, ...deApp, ...deSetup, ...deBot });

describe("both languages", () => {
  test("have the same texts", () => {
    expect(stems(german)).toEqual(stems(english));
  });

  test.each([
    ["en", english],
    ["de", german],
  ])("%s has an ordinal's every form and no other", (language, all) => {
    const forms = new Intl.PluralRules(language, { type: "ordinal" }).resolvedOptions();
    const keys = [...all.keys()].filter((key) => ORDINAL.test(key));
    const wanted = new Set(keys.map((key) => key.replace(ORDINAL, "_ordinal")));
    const every = [...wanted].flatMap((stem) =>
      forms.pluralCategories.map((form) => `${stem}_${form}`),
    );
    expect(keys.sort()).toEqual(every.sort());
  });

  test("put the same values in", () => {
    const differing = [...english].filter(([key, text]) => {
      const other = german.get(key);
      return other !== undefined && String(marks(text)) !== String(marks(other));
    });
    expect(differing.map(([key]) => key)).toEqual([]);
  });

  test("have every plural with both forms", () => {
    const alone = [...english.keys()].filter((key) => {
      const [, stem, form] = /^(.*)_(one|other)$/.exec(key) ?? [];
      return stem !== undefined && !english.has(`${stem}_${form === "one" ? "other" : "one"}`);
    });
    expect(alone).toEqual([]);
  });

  test("leave nothing to be written", () => {
    // What went wrong is said in the API's own words there.
    const meant = "common.problems.unexpected.text";
    const empty = [...english, ...german].filter(([key, text]) => text === "" && key !== meant);
    expect(empty.map(([key]) => key)).toEqual([]);
  });
});
