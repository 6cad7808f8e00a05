import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import type { FieldError } from "~/api/problem";
import { span } from "~/ui/time";
import type texts from "./locale/en.json";
import { complete, inUse, type Rule } from "./rules";

type Errors = keyof (typeof texts)["errors"];
type Labels = keyof (typeof texts)["labels"];

const key = (rule: string) => rule.replaceAll(".", "_");

/** Rules, and what is wrong with them, as people say it. */
export function useRuleWords() {
  const { t, i18n } = useTranslation("rules");
  const label = (rule: Rule) => t(`labels.${key(rule) as Labels}`);
  const value = (rule: Rule, wanted: string[] | number | string) => {
    if (rule === "pause_seconds") return span(Number(wanted) * 1000, i18n.language);
    return Array.isArray(wanted) ? wanted.join(", ") : String(wanted);
  };
  return {
    label,
    /** A set of rules in one line. */
    summary: (body: Schema["RuleSetBody"] | null | undefined) =>
      inUse(complete(body))
        .map(([rule, wanted]) => `${label(rule)}: ${value(rule, wanted)}`)
        .join(" · ") || t("none"),
    /** What is wrong with a rule; the API's own words where we have none. */
    explain: (rule: Rule, error: FieldError): string =>
      t(`errors.${key(rule)}_${error.code}` as `errors.${Errors}`, {
        message: error.message,
        defaultValue: error.message,
      }),
  };
}
