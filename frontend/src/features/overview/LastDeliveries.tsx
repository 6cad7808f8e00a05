import { Group, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { OutcomeStatus } from "~/delivery/OutcomeStatus";
import { latencyOf, worthResending, type Delivery } from "~/delivery/outcome";
import { useReasons } from "~/delivery/reasons";
import { ResendButton } from "~/delivery/ResendButton";
import { useEventName } from "~/delivery/events";
import { paths } from "~/paths";
import { LinkButton, TextLink } from "~/ui/links";
import { Card } from "~/ui/Card";
import { EmptyState } from "~/ui/EmptyState";
import { Time } from "~/ui/Time";
import { span } from "~/ui/time";
import classes from "./Overview.module.css";

type ChannelName = (id: string | null | undefined) => string | undefined;

/** What was sent last, or was not, and why. */
export function LastDeliveries({
  guildId,
  deliveries,
  channelName,
}: {
  guildId: string;
  deliveries: Delivery[];
  channelName: ChannelName;
}) {
  const { t } = useTranslation("overview");
  return (
    <Card
      title={t("last.title")}
      actions={
        <TextLink to={paths.deliveries} params={{ guildId }}>
          {t("last.all")}
        </TextLink>
      }
    >
      {deliveries.length === 0 ? (
        <EmptyState
          icon={<IconSend size={36} />}
          title={t("last.emptyTitle")}
          text={t("last.emptyText")}
        />
      ) : (
        <ul className={classes.lines}>
          {deliveries.map((delivery) => (
            <Row
              key={delivery.id}
              guildId={guildId}
              delivery={delivery}
              channel={channelName(delivery.channel_id)}
            />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Row({
  guildId,
  delivery,
  channel,
}: {
  guildId: string;
  delivery: Delivery;
  channel: string | undefined;
}) {
  const { t, i18n } = useTranslation("overview");
  const reasons = useReasons();
  const event = useEventName()(delivery);
  const explained = reasons(delivery, {
    channel: channel ?? t("theChannel"),
    streamer: delivery.display_name,
    game: delivery.game,
  });
  const latency = latencyOf(delivery);
  const facts = [channel, latency !== null ? span(latency, i18n.language) : null];
  return (
    <li className={classes.delivery}>
      <div className={classes.outcome}>
        <OutcomeStatus delivery={delivery} />
      </div>
      <div className={classes.words}>
        <Text fw={500} truncate title={event}>
          {event}
        </Text>
        <Text size="sm" c="dimmed" component="div">
          <Time at={delivery.created_at} />
          {facts.filter(Boolean).map((fact) => ` · ${fact}`)}
          {explained && ` · ${explained.short}`}
        </Text>
      </div>
      <Group gap="xs" wrap="nowrap">
        {worthResending(delivery) && <ResendButton guildId={guildId} delivery={delivery} />}
        <LinkButton
          size="xs"
          variant="default"
          aria-label={`${t("last.view")}: ${event}`}
          to={paths.delivery}
          params={{ guildId, deliveryId: delivery.id }}
        >
          {t("last.view")}
        </LinkButton>
      </Group>
    </li>
  );
}
