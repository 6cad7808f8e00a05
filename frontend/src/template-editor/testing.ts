import { createInstance, type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import type { Values } from "~/template-language";
import de from "./locale/de.json";
import en from "./locale/en.json";
import type { TemplateVariable } from "./settings";

/** The variables that the tests offer. */
export const VARIABLES: TemplateVariable[] = [
  { name: "streamer", about: "The streamer's display name." },
  { name: "title", about: "The title of the stream." },
  { name: "game", about: "The category." },
  { name: "ended", about: "When the stream ended." },
];

/** What they stand for. */
export const VALUES: Values = {
  streamer: { text: "Ana" },
  title: { text: "Any% runs" },
  game: { text: "Celeste" },
  mention: { markup: "<@&7>" },
};

/** The words of the editor, in English unless told otherwise. */
export async function createWords(lng = "en"): Promise<i18n> {
  const words = createInstance();
  await words.use(initReactI18next).init({
    lng,
    resources: { en: { editor: en }, de: { editor: de } },
    interpolation: { escapeValue: false },
  });
  return words;
}
