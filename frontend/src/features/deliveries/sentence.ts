import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { outcomeOf, type Delivery } from "~/delivery/outcome";
import { span } from "~/ui/time";
import type texts from "./locale/en.json";

type Said = keyof (typeof texts)["said"];

/** Which sentence tells what happened. */
function sentenceOf(delivery: Delivery): Said {
  const outcome = outcomeOf(delivery);
  if (outcome === "posted" || outcome === "partial" || outcome === "unpinged") {
    return delivery.latency_ms == null ? "posted" : "postedIn";
  }
  if (outcome === "edited") return delivery.kind === "offline" ? "editedEnd" : "edited";
  if (outcome === "failed") return delivery.action === "create" ? "failed" : "failedEdit";
  if (outcome === "skipped") return delivery.action === "create" ? "skipped" : "skippedEdit";
  return outcome;
}

/** A delivery's place in the queue in words; empty where it waits for no turn. */
export function useQueueTexts() {
  const { t, i18n } = useTranslation("deliveries");
  return ({ delivery, queue }: Pick<Schema["DeliveryView"], "delivery" | "queue">) => {
    // What is tried again waits for its time more than for its turn.
    if (!queue || outcomeOf(delivery) !== "waiting") return { note: "", short: "" };
    const { position: count, wait_s: seconds } = queue;
    const place = new Intl.NumberFormat(i18n.language).format(count);
    const wait = span(seconds * 1000, i18n.language);
    return {
      // The next one is sent before the sentence is read; without a pace nobody knows when.
      note:
        count > 1 && seconds > 0 ? t("detail.queue", { count, ordinal: true, place, wait }) : "",
      short: t("hops.queue", { count, ordinal: true, place }),
    };
  };
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
