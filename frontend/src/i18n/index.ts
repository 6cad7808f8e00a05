import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en";
import type enApp from "./en-app";
import type enBot from "./en-bot";
import type enSetup from "./en-setup";

/** The languages that are complete. */
export const languages = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof languages;

const STORED = "streammaxing-language";
/** The texts by where they are needed. */
const loaders = {
  // English starts without a second journey; its texts are small.
  start: { en: () => Promise.resolve({ default: en }), de: () => import("./de") },
  app: { en: () => import("./en-app"), de: () => import("./de-app") },
  setup: { en: () => import("./en-setup"), de: () => import("./de-setup") },
  bot: { en: () => import("./en-bot"), de: () => import("./de-bot") },
};
const wanted = new Set<keyof typeof loaders>(["start"]);

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof en & typeof enApp & typeof enBot & typeof enSetup;
  }
}

function isLanguage(text: string | null | undefined): text is Language {
  return text != null && text in languages;
}

function preferred(): Language {
  try {
    const stored = localStorage.getItem(STORED);
    if (isLanguage(stored)) return stored;
  } catch {
    // Without storage the browser's languages decide.
  }
  const tags = navigator.languages.map((tag) => tag.slice(0, 2));
  return tags.find(isLanguage) ?? "en";
}

async function load(language: Language) {
  const parts = Array.from(wanted, (part) => loaders[part][language]());
  for (const { default: texts } of await Promise.all(parts)) {
    for (const [namespace, keys] of Object.entries(texts)) {
      i18next.addResourceBundle(language, namespace, keys);
    }
  }
}

/** Loads the texts of the pages behind the sign-in; in every language from now on. */
export async function loadAppTexts() {
  wanted.add("app");
  await load(currentLanguage());
}

/** The same for the pages on which a server is set up. */
export async function loadSetupTexts() {
  wanted.add("setup");
  await load(currentLanguage());
}

/** The same for the pages of the chat bot. */
export async function loadBotTexts() {
  wanted.add("bot");
  await load(currentLanguage());
}

/** Loads the texts of the language that fits the person best. */
export async function startI18n(language: Language = preferred()) {
  await i18next.use(initReactI18next).init({
    lng: regional(language),
    fallbackLng: false,
    defaultNS: "common",
    resources: {},
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await setLanguage(language, false);
}

/** The language as it is written where the person lives: dates in `en-GB` are not those of `en-US`. */
function regional(language: Language): string {
  return navigator.languages.find((tag) => tag.startsWith(`${language}-`)) ?? language;
}

/** The language of the texts on the page. */
export function currentLanguage(): Language {
  const tag = i18next.language.slice(0, 2);
  return isLanguage(tag) ? tag : "en";
}

/** Changes the language, at once and for the next visit. */
export async function setLanguage(language: Language, remember = true) {
  await load(language);
  await i18next.changeLanguage(regional(language));
  document.documentElement.lang = language;
  if (!remember) return;
  try {
    localStorage.setItem(STORED, language);
  } catch {
    // It lasts as long as the page, then.
  }
}
