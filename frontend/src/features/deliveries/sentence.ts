import { useTranslation } from "react-i18next";
import { outcomeOf, type Delivery } from "~/delivery/outcome";
import { span } from "~/ui/time";
import type texts from "./locale/en.json";

type Said = keyof (typeof texts)["said"];

/** Which sentence tells what happened. */
function sentenceOf(delivery: Delivery): Said {
  const outcome = outcomeOf(delivery);
  if (outcome === "posted" || outcome === "partial") {
    return delivery.latency_ms == null ? "posted" : "postedIn";
  }
  if (outcome === "edited") return delivery.kind === "offline" ? "editedEnd" : "edited";
  if (outcome === "failed") return delivery.action === "create" ? "failed" : "failedEdit";
  if (outcome === "skipped") return delivery.action === "create" ? "skipped" : "skippedEdit";
  return outcome;
}

/** What happened, in one plain sentence. */
export function useSentence() {
  const { t, i18n } = useTranslation("deliveries");
  return (delivery: Delivery, channel: string) =>
    t(`said.${sentenceOf(delivery)}`, {
      channel,
      name: delivery.display_name ?? delivery.login ?? "",
      took: span(delivery.latency_ms ?? 0, i18n.language),
    });
}
