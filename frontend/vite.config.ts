import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where a running `streammaxing dev` answers; `npm run dev` forwards to it. */
const APP = process.env.APP_URL ?? "http://localhost:8080";
const forwarded = { target: APP, headers: { origin: APP } };

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "~": new URL("./src", import.meta.url).pathname } },
  build: {
    manifest: true,
    target: "es2023",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What every visit needs comes in one file: each costs its headers, and compresses worse the
          // smaller it is.
          groups: [{ name: "start", tags: ["$initial"] }],
        },
      },
    },
  },
  server: {
    proxy: { "/api": forwarded, "/webhooks": forwarded, "/ws": { ...forwarded, ws: true } },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
  },
});
