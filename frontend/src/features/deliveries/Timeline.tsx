import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { useReasons } from "~/delivery/reasons";
import { clock, span } from "~/ui/time";
import { hopsOf, offsetText, type Hop } from "./timeline";
import { useAttemptText } from "./Attempts";
import { useQueueTexts } from "./sentence";
import classes from "./Deliveries.module.css";

/** The way of a delivery, hop by hop, counted from the moment in which the stream began. */
export function Timeline({ view, channel }: { view: Schema["DeliveryView"]; channel: string }) {
  const hops = hopsOf(view);
  return (
    <ol className={classes.timeline}>
      {hops.map((hop) => (
        <HopLine
          key={`${hop.kind} ${hop.at} ${hop.attempt?.attempt ?? ""}`}
          hop={hop}
          view={view}
          channel={channel}
        />
      ))}
    </ol>
  );
}

const GOOD = ["sent", "skipped"];

function toneOf({ kind, attempt }: Hop, status: string): string | undefined {
  if (kind === "next" || kind === "expires") return "ahead";
  if (kind === "answer" || kind === "stopped") {
    if (attempt?.outcome === "sent") return "good";
    return "bad";
  }
  if (kind === "settled") return GOOD.includes(status) ? "good" : "bad";
  return undefined;
}

function HopLine({
  hop,
  view,
  channel,
}: {
  hop: Hop;
  view: Schema["DeliveryView"];
  channel: string;
}) {
  const { i18n } = useTranslation("deliveries");
  const { title, about } = useHopText(hop, view, channel);
  return (
    <li className={classes.hop} data-tone={toneOf(hop, view.delivery.status)}>
      <div className={classes.offset}>{offsetText(hop.offset, i18n.language)}</div>
      <div className={classes.words}>
        <Text fw={500}>{title}</Text>
        <Text size="sm" c="dimmed">
          <time dateTime={hop.at}>{clock(new Date(hop.at), i18n.language)}</time>
          {about && ` · ${about}`}
        </Text>
      </div>
    </li>
  );
}

/** What a hop is called, and what there is to say about it. */
function useHopText(hop: Hop, view: Schema["DeliveryView"], channel: string) {
  const { t, i18n } = useTranslation("deliveries");
  const outcomes = useTranslation("delivery");
  const attemptText = useAttemptText(channel);
  const explained = useReasons()(view.delivery, { channel });
  const queue = useQueueTexts()(view);
  const { kind, attempt } = hop;
  const title = t(`hops.${kind}.title`, { number: attempt?.attempt });
  const about = t(`hops.${kind}.about`, { defaultValue: "" });
  if (attempt && (kind === "answer" || kind === "stopped")) {
    const took = attempt.sent_at && attempt.answered_at ? ms(attempt) : null;
    const parts = [
      attemptText(attempt),
      attempt.http_status ? `HTTP ${attempt.http_status}` : null,
      attempt.discord_code ? t("hops.code", { code: attempt.discord_code }) : null,
      took === null ? null : t("hops.took", { took: span(took, i18n.language) }),
    ];
    return { title, about: parts.filter(Boolean).join(" · ") };
  }
  if (kind === "settled") {
    const { status } = view.delivery;
    const word = status === "sent" ? "posted" : status;
    const known = word as "failed";
    const outcome = outcomes.t(`outcomes.${known}`, { defaultValue: status });
    return { title, about: [outcome, explained?.short].filter(Boolean).join(": ") };
  }
  return { title, about: kind === "next" ? queue.short : about };
}

function ms({ sent_at, answered_at }: Schema["AttemptView"]): number {
  return new Date(answered_at ?? 0).getTime() - new Date(sent_at ?? 0).getTime();
}
