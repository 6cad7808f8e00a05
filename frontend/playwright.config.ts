import { defineConfig } from "@playwright/test";
import { findChromium } from "./tools/chromium.mjs";

// Linters read this file where there is no Chromium yet; `npm run e2e` gets one before it begins.
const executablePath = findChromium() ?? undefined;

export default defineConfig({
  testDir: "e2e",
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: true,
  // Once more, in a world of its own; the report says so.
  retries: 1,
  fullyParallel: false,
  workers: Number(process.env.E2E_WORKERS ?? 2),
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    colorScheme: "dark",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    screenshot: "only-on-failure",
    trace: "on-first-retry",
    contextOptions: { reducedMotion: "reduce" },
    launchOptions: { executablePath, args: ["--no-sandbox"] },
  },
});
