import { renderHook } from "@testing-library/react";
import { createInstance } from "i18next";
import type { ReactNode } from "react";
import { I18nextProvider, initReactI18next } from "react-i18next";
import { expect, test } from "vitest";
import type { Delivery } from "~/delivery/outcome";
import german from "./locale/de.json";
import english from "./locale/en.json";
import { useQueueTexts } from "./sentence";

type Language = "en" | "de";

const WAITING: Delivery = {
  id: "1",
  kind: "online",
  action: "create",
  status: "pending",
  attempts: 0,
  created_at: "2026-11-21T10:00:00Z",
  silent: false,
  resends: 0,
};

/** What is said about a place in the queue. */
function said(language: Language, position: number, seconds: number, delivery = WAITING) {
  const words = createInstance();
  void words.use(initReactI18next).init({
    lng: language,
    resources: { en: { deliveries: english }, de: { deliveries: german } },
    interpolation: { escapeValue: false },
  });
  const wrapper = ({ children }: { children: ReactNode }) => (
    <I18nextProvider i18n={words}>{children}</I18nextProvider>
  );
  const { result } = renderHook(useQueueTexts, { wrapper });
  return result.current({ delivery, queue: { position, wait_s: seconds } });
}

test.each<[Language, number, number, string]>([
  ["en", 2, 1, "It is 2nd in the queue; its turn comes in about 1 sec."],
  ["en", 11, 1, "It is 11th in the queue; its turn comes in about 1 sec."],
  ["en", 101, 3, "It is 101st in the queue; its turn comes in about 3 sec."],
  ["en", 1023, 24, "It is 1,023rd in the queue; its turn comes in about 24 sec."],
  ["en", 12_345, 247, "It is 12,345th in the queue; its turn comes in about 4 min."],
  ["de", 2, 1, "Sie steht an 2. Stelle der Warteschlange und ist in etwa 1 Sek. an der Reihe."],
  [
    "de",
    12_345,
    247,
    "Sie steht an 12.345. Stelle der Warteschlange und ist in etwa 4 Min. an der Reihe.",
  ],
])("%s says of place %i what it means", (language, position, seconds, note) => {
  expect(said(language, position, seconds).note).toBe(note);
});

test("the timeline names the place alone", () => {
  expect(said("en", 3, 1).short).toBe("3rd in the queue");
  expect(said("de", 3, 1).short).toBe("an 3. Stelle der Warteschlange");
});

test("there is no sentence about the next one, nor about a wait that nobody knows", () => {
  expect(said("en", 1, 1).note).toBe("");
  expect(said("en", 5, 0).note).toBe("");
});

test("what is tried again has no place to speak of", () => {
  const again = { ...WAITING, attempts: 1, reason: "rate_limited" };
  expect(said("en", 5, 1, again)).toEqual({ note: "", short: "" });
});
