import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
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

/** Where it stands in the queue, in a sentence; nothing where the wait is not worth a word. */
export function useQueueNote() {
  const { t, i18n } = useTranslation("deliveries");
  return (queue: Schema["QueuePlace"] | null | undefined) =>
    queue && queue.position > 1
      ? t("detail.queue", {
          count: queue.position,
          ordinal: true,
          place: queue.position.toLocaleString(i18n.language),
          wait: span(queue.wait_s * 1000, i18n.language),
        })
      : null;
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
