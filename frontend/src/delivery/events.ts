import { useTranslation } from "react-i18next";
import type { Delivery } from "./outcome";
import type texts from "./locale/en.json";

type Kind = keyof (typeof texts)["events"];

/** What happened, in a few words, with the streamer's name: "Ana: went live". */
export function useEventName() {
  const { t } = useTranslation("delivery");
  return ({
    kind,
    display_name: name,
    login,
  }: Pick<Delivery, "kind" | "display_name" | "login">) => {
    const event = t(`events.${kind as Kind}`, { defaultValue: kind });
    const who = name ?? login;
    return who ? `${who} · ${event}` : event;
  };
}
