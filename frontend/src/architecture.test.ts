import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";

const SRC = import.meta.dirname;

/** What each folder may use, besides itself; arrows go one way. */
const MAY_USE: Record<string, string[]> = {
  "template-language": [],
  "discord-preview": ["template-language"],
  "template-editor": ["template-language"],
  api: [],
  i18n: ["discord-preview", "template-editor", "delivery", "presence", "rules", "features"],
  ui: ["api", "i18n", "paths"],
  guild: ["api", "i18n", "paths", "ui"],
  delivery: ["api", "i18n", "paths", "ui", "guild"],
  rules: ["api", "i18n", "paths", "ui", "guild", "delivery"],
  presence: ["api", "i18n", "paths", "ui"],
  shell: ["api", "i18n", "paths", "ui", "guild", "presence", "theme"],
  features: [
    "api",
    "i18n",
    "paths",
    "ui",
    "guild",
    "delivery",
    "presence",
    "rules",
    "shell",
    "discord-preview",
    "template-language",
    "template-editor",
  ],
};

function modules(): string[] {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" });
  return files.filter((file) => /\.tsx?$/.test(file) && !/\.test\.|\.d\.ts$/.test(file));
}

/** The files that a module imports, from src/. */
function imports(file: string): string[] {
  const text = readFileSync(join(SRC, file), "utf8");
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!);
  return found
    .filter((target) => target.startsWith(".") || target.startsWith("~/"))
    .map((target) =>
      target.startsWith("~/") ? target.slice(2) : relative(SRC, join(SRC, file, "..", target)),
    );
}

const folder = (path: string) => path.split("/")[0]!;
const feature = (path: string) => path.split("/")[1];

test("folders use each other in one direction", () => {
  const wrong = modules().flatMap((file) => {
    if (!file.includes("/") || folder(file) === "test") return [];
    const allowed = MAY_USE[folder(file)];
    if (!allowed) return [`${folder(file)} is not in the table`];
    const used = imports(file).filter((target) => {
      const other = folder(target);
      return other !== folder(file) && !allowed.includes(other) && other !== "test";
    });
    return used.map((target) => `${file} uses ${target}`);
  });
  expect(wrong).toEqual([]);
});

test("features do not import each other", () => {
  const wrong = modules()
    .filter((file) => folder(file) === "features")
    .flatMap((file) =>
      imports(file)
        .filter((target) => folder(target) === "features" && feature(target) !== feature(file))
        .map((target) => `${file} uses ${target}`),
    );
  expect(wrong).toEqual([]);
});

test("only texts of features are known outside of them", () => {
  const wrong = modules()
    .filter((file) => ["i18n", "shell", "ui", "guild"].includes(folder(file)))
    .flatMap((file) =>
      imports(file)
        .filter((target) => folder(target) === "features" && !target.includes("/locale/"))
        .map((target) => `${file} uses ${target}`),
    );
  expect(wrong).toEqual([]);
});
