import { renderHook } from "@testing-library/react";
import { createInstance } from "i18next";
import type { ReactNode } from "react";
import { I18nextProvider, initReactI18next } from "react-i18next";
import { describe, expect, test } from "vitest";
import germanWords from "~/i18n/locale/de.json";
import englishWords from "~/i18n/locale/en.json";
import german from "./locale/de.json";
import english from "./locale/en.json";
import { useReasons } from "./reasons";

/** What is said about a reason, in both languages. */
function explain(reason: string, values: Record<string, unknown> | null = null) {
  return ["en", "de"].map((language) => {
    const words = createInstance();
    void words.use(initReactI18next).init({
      lng: language,
      defaultNS: "common",
      resources: {
        en: { common: englishWords, delivery: english },
        de: { common: germanWords, delivery: german },
      },
      interpolation: { escapeValue: false },
    });
    const wrapper = ({ children }: { children: ReactNode }) => (
      <I18nextProvider i18n={words}>{children}</I18nextProvider>
    );
    const { result } = renderHook(useReasons, { wrapper });
    return result.current({ reason, reason_values: values }, { channel: "#live" });
  });
}

/** A code for each text that is about any number. */
const NUMBERED: Record<string, string> = {
  discord_refused: "discord_340015",
  http_status: "http_418",
};

describe("older deliveries, whose reasons have no values", () => {
  test.each(Object.keys(english.reasons))("%s leaves no gap", (reason) => {
    for (const explained of explain(NUMBERED[reason] ?? reason)) {
      expect(explained?.text).toMatch(/^\p{Lu}.*[\p{L}\d)“]\.$|^#live .*\.$/u);
      expect(`${explained?.text} ${explained?.fix}`).not.toMatch(/\{\{|“”|„“| {2}|null|undefined/);
    }
  });

  test("a missing permission names what announcements need", () => {
    const [said] = explain("missing_permission");
    expect(said?.text).toBe("The bot may not post in #live.");
    expect(said?.fix).toContain("Send Messages");
  });
});

test("a pause is said as people say it", () => {
  expect(explain("cooldown", { seconds: 7200 }).map((said) => said?.text)).toEqual([
    "An announcement of the streamer was posted here shortly before: the pause between two announcements is 2 hr.",
    "Von diesem Streamer gab es hier kurz zuvor schon eine Ankündigung: Der Mindestabstand von 2 Std. war noch nicht um.",
  ]);
});

test("a missing permission is told with where it is taken away", () => {
  const missing = ["SEND_MESSAGES"];
  const said = explain("missing_permission", { missing, at: "category" });
  expect(said.map((each) => each?.text)).toEqual([
    "The bot lacks Send Messages in #live: the category that it is in takes it away.",
    "Dem Bot fehlt in #live: Nachrichten senden. Die Kategorie, zu der der Kanal gehört, nimmt es ihm.",
  ]);
  expect(said[0]?.fix).toContain("Edit Category");
  expect(explain("missing_permission", { missing, at: "elsewhere" })[0]?.text).toBe(
    "The bot lacks Send Messages in #live.",
  );
});

test("a time-out is told with its end", () => {
  const [said, gesagt] = explain("timed_out", { until: "2026-11-29T12:00:00Z" });
  expect(said?.text).toMatch(/until .*2026.*: till then/);
  expect(gesagt?.text).toMatch(/bis .*2026.* einen Timeout/);
});

test("a category and a type are named where they are known", () => {
  expect(explain("game_filter", { game: "Celeste", wanted: ["Tetris"] })[0]?.text).toBe(
    "The category was “Celeste”, and only others are announced here (Tetris).",
  );
  expect(explain("game_filter", { game: null, wanted: ["Tetris"] })[0]?.text).toBe(
    "The stream's category is not among those that are announced here.",
  );
  expect(explain("stream_type", { type: "rerun" })[0]?.text).toBe(
    "Streams of the type “rerun” are not announced here.",
  );
});

test("a rule is told with what it wants and what was seen, and leads to where it stands", () => {
  const values = { rule: "rules.pause_seconds", wanted: 7200, seen: 1800, of: "server" };
  const [said, gesagt] = explain("recent_ping", values);
  expect(said?.text).toBe(
    "The last announcement in this server was 30 min before; the pause is 2 hr.",
  );
  expect(gesagt?.text).toContain("30 Min. her; der Abstand ist 2 Std.");
  expect(said?.place).toBe("notifications");
  const tags = { rule: "rules.tags.any", wanted: ["Speedrun"], seen: [], of: "channel" };
  expect(explain("tags", tags)[0]).toMatchObject({
    text: "The rule about tags leaves it out.",
    place: "streamer",
  });
});
