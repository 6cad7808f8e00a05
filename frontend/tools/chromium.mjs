// Where Chromium is; installs it on Debian and its kin when it is nowhere.
//
//   node tools/chromium.mjs        prints its path, or says how to get one

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";

/** The shell comes first: it draws pages and no browser about them, which takes a third less time. */
const NAMES = [
  "chromium-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome-stable",
  "google-chrome",
];
const MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** The path of a Chromium: what CHROMIUM names, else one on the PATH; null without any. */
export function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...candidates, MACOS].find(isExecutable) ?? null;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function install() {
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  console.error("Chromium is missing: installing it with apt-get (about 200 MB) …");
  const apt = (...step) => {
    const [program, ...args] = [...asRoot, "apt-get", ...step];
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    return spawnSync(program, args, { stdio: ["ignore", "ignore", "inherit"], env }).status === 0;
  };
  if (!apt("update", "-qq")) return;
  // Not every system has the shell as a package of its own.
  for (const name of ["chromium-headless-shell", "chromium"]) {
    if (apt("install", "-y", "-qq", "--no-install-recommends", name)) return;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!findChromium()) install();
  const path = findChromium();
  if (!path) {
    console.error(
      "The browser tests need Chromium: install it (Debian: sudo apt-get install chromium), " +
        "or let CHROMIUM name the program.",
    );
    process.exit(1);
  }
  console.log(path);
}
