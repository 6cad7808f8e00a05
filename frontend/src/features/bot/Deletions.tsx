import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconCheck, IconClock, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { Card } from "~/ui/Card";
import { Status } from "~/ui/Status";
import { Time } from "~/ui/Time";
import { botQueries } from "./queries";
import classes from "./Bot.module.css";
import type texts from "./locale/en.json";

type Words = (typeof texts)["deletions"];

/** What the channel's filters have found; nothing is shown where they have found nothing. */
export function Deletions({ channelId }: { channelId: string }) {
  const { t } = useTranslation("bot");
  const { data = [] } = useQuery(botQueries.deletions(channelId));
  if (data.length === 0) return null;
  return (
    <Card title={t("deletions.title")}>
      <Text size="sm" c="dimmed" mb="sm">
        {t("deletions.text")}
      </Text>
      <ul className={classes.list} aria-label={t("deletions.title")}>
        {data.map((deletion) => (
          <Row key={deletion.message_id} deletion={deletion} />
        ))}
      </ul>
    </Card>
  );
}

const LOOKS = {
  queued: { icon: IconClock, color: "blue" },
  deleted: { icon: IconCheck, color: "green" },
  refused: { icon: IconX, color: "red" },
} as const;

function Row({ deletion }: { deletion: Schema["ChatDeletionView"] }) {
  const { t } = useTranslation("bot");
  const { filter, reason } = deletion;
  const state =
    deletion.state === "queued" || deletion.state === "deleted" ? deletion.state : "refused";
  const { icon: Icon, color } = LOOKS[state];
  return (
    <li className={classes.line}>
      <div>
        <Text>
          {t(`deletions.filters.${filter as keyof Words["filters"]}`, { defaultValue: filter })}
        </Text>
        <Text size="sm" c="dimmed" component="div">
          <Time at={deletion.heard_at} />
          {reason != null &&
            ` · ${t(`deletions.reasons.${reason as keyof Words["reasons"]}`, { defaultValue: reason })}`}
        </Text>
      </div>
      <Status icon={<Icon size={14} />} color={color}>
        {t(`deletions.states.${state}`)}
      </Status>
    </li>
  );
}
