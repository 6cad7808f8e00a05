import { createInstance, type TFunction } from "i18next";
import { describe, expect, it } from "vitest";
import type { Happening, Kind } from "./feed";
import de from "./locale/de.json";
import en from "./locale/en.json";
import { announced, more, sentence } from "./sentence";

const happening = (kind: Kind, details: Record<string, unknown> = {}): Happening => ({
  id: "e",
  position: 1,
  kind,
  at: "2026-11-30T10:00:00Z",
  isTest: false,
  details,
});

async function words(language: string): Promise<TFunction<"watch">> {
  const i18n = createInstance();
  const interpolation = { escapeValue: false };
  await i18n.init({
    lng: language,
    resources: { en: { watch: en }, de: { watch: de } },
    interpolation,
  });
  return i18n.getFixedT(language, "watch");
}

const viewer = { id: "1", login: "viewer", name: "Viewer" };
/** Without what keeps a name's direction to itself. */
const plain = (text: string | null) => text?.replaceAll(/[\u2068\u2069]/g, "") ?? null;

describe.each(["en", "de"])("in %s", (language) => {
  it("every kind has its words, whatever is missing", async () => {
    const t = await words(language);
    for (const kind of Object.keys(en.kinds) as Kind[]) {
      for (const details of [{}, { user: viewer, from: viewer }, { user: 7, from: "x" }]) {
        const said = sentence(t, happening(kind, details));
        expect(said).not.toMatch(/said\.|\{\{|undefined|null|NaN/);
      }
    }
  });
});

it("says who and how much", async () => {
  const t = await words("en");
  const said = (kind: Kind, details: Record<string, unknown>) =>
    [sentence(t, happening(kind, details)), more(t, happening(kind, details))].map(plain);
  expect(said("follow", { user: viewer })).toEqual(["Viewer follows", null]);
  expect(said("follow", { user: { login: "viewer", name: "" } })[0]).toBe("viewer follows");
  expect(said("raid", { from: viewer, viewers: 1 })[0]).toBe("Viewer raids with 1 viewer");
  expect(said("gift", { user: null, total: 5, tier: "2000", cumulative_total: 12 })).toEqual([
    "Somebody anonymous gives 5 subscriptions",
    "Tier 2 · 12 in all",
  ]);
  expect(said("subscribe", { user: viewer, tier: "tier_of_2031", is_gift: true })).toEqual([
    "Viewer was given a subscription",
    null,
  ]);
  expect(said("cheer", { user: viewer, bits: 100, message: "Cheer100 hi" })).toEqual([
    "Viewer cheers with 100 bits",
    "Cheer100 hi",
  ]);
  expect(said("online", { title: "Any%", game: "Celeste" })[1]).toBe("Any% · Celeste");
  expect(said("update", { title: "", game: null })[1]).toBeNull();
});

it("a name that turns the writing round turns nothing but itself", async () => {
  const t = await words("en");
  const name = "\u202Eevil";
  expect(sentence(t, happening("follow", { user: { ...viewer, name } }))).toBe(
    `\u2068${name}\u2069 follows`,
  );
});

it("reads several out as a number and the latest, and a test as a test", async () => {
  const t = await words("en");
  const latest = happening("follow", { user: viewer });
  expect(plain(announced(t, latest, 1))).toBe("Viewer follows");
  expect(plain(announced(t, { ...latest, isTest: true }, 9))).toBe(
    "9 new events. The latest: Test: Viewer follows",
  );
});
