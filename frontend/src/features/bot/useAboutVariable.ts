import { useTranslation } from "react-i18next";
import type { Variable } from "./completion";
import type texts from "./locale/en.json";

type Known = keyof (typeof texts)["variables"]["about"];

/** What a variable stands for, in the reader's language where we have words for it. */
export function useAboutVariable() {
  const { t } = useTranslation("bot");
  return ({ name, about }: Variable): string =>
    t(`variables.about.${name as Known}`, { defaultValue: about });
}
