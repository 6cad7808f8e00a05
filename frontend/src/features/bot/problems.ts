import { useTranslation } from "react-i18next";
import type { FieldError } from "~/api/problem";
import type texts from "./locale/en.json";

type Code = keyof (typeof texts)["problems"];

/** Who holds a name, out of the API's words for it. */
export const holderOf = (message: string): string | undefined =>
  /command (\S+) has this name/.exec(message)?.[1];

/** A field without its place in a list: `responses[2]` is one of `responses`. */
const plain = (field: string) => field.replaceAll(/\[\d+\]/g, "").replaceAll(".", "_");

/** Says what is wrong with a field, in the reader's language where we have words for it. */
export function useProblemWords() {
  const { t } = useTranslation("bot");
  return ({ field, code, message }: FieldError): string => {
    const holder = holderOf(message);
    if (code === "name_taken" && holder !== undefined)
      return t(
        message.includes("built-in") ? "problems.name_taken_builtin" : "problems.name_taken_by",
        { holder },
      );
    const keys = [`problems.${plain(field)}_${code}`, `problems.${code}`] as `problems.${Code}`[];
    return t(keys, { defaultValue: message });
  };
}
