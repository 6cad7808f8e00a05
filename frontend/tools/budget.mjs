// What a visitor downloads, Brotli, held against a budget; fails when something is over it.
//
//   npm run budget        after npm run build

import { readFileSync, statSync } from "node:fs";

const KB = 1000;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

/** Bytes of a file as it travels. */
const size = (file) => statSync(new URL(`${file}.br`, dist)).size;

/** A chunk's own file, and those that it cannot start without. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const imported of manifest[key].imports ?? []) closure(imported, seen);
  return seen;
}

const page = readFileSync(new URL("index.html", dist), "utf8");
const named = new Set([...page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((m) => m[1]));
const atStart = new Set();
for (const [key, { file }] of Object.entries(manifest)) if (named.has(file)) closure(key, atStart);
/** What every page behind the sign-in stands on; loaded before any of them. */
const SHELL = "src/shell/SignedIn.tsx";
const shell = closure(SHELL);
const css = new Set([...page.matchAll(/href="\/(assets\/[^"]+\.css)"/g)].map((m) => m[1]));
const sum = (files) => [...files].reduce((bytes, file) => bytes + size(file), 0);

const lines = [
  ["entry JavaScript", sum([...atStart].map((key) => manifest[key].file)), 180 * KB],
  ["entry CSS", sum(css), 40 * KB],
];
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry) continue;
  const before = key === SHELL ? atStart : new Set([...atStart, ...shell]);
  const own = [...closure(key)].filter((each) => !before.has(each));
  const isEditor = key.includes("MessageForm");
  const isLocale = key.includes("/i18n/");
  const budget = isEditor ? 130 * KB : isLocale ? 20 * KB : 60 * KB;
  lines.push([key, sum(own.map((each) => manifest[each].file)), budget]);
}

let failed = false;
for (const [name, bytes, budget] of lines) {
  const over = bytes > budget;
  failed ||= over;
  const kb = (n) => `${(n / KB).toFixed(1)} kB`;
  console.log(
    `${over ? "OVER " : "     "}${kb(bytes).padStart(9)} of ${kb(budget).padStart(9)}  ${name}`,
  );
}
if (failed) {
  console.error("Over budget: split the chunk, load it later, or do without.");
  process.exit(1);
}
