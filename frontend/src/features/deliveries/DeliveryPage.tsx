import { Alert, Group, Paper, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { useEventName } from "~/delivery/events";
import { FixLink } from "~/delivery/FixLink";
import { OutcomeStatus } from "~/delivery/OutcomeStatus";
import { isOpen } from "~/delivery/outcome";
import { useReasons } from "~/delivery/reasons";
import { ResendButton } from "~/delivery/ResendButton";
import { MessageLink } from "~/delivery/TestResult";
import { useChannelName } from "~/guild/ChannelSelect";
import { paths } from "~/paths";
import { Card } from "~/ui/Card";
import { CopyButton } from "~/ui/CopyButton";
import { TextLink } from "~/ui/links";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { Time } from "~/ui/Time";
import { Attempts } from "./Attempts";
import { Timeline } from "./Timeline";
import { useQueueTexts, useSentence } from "./sentence";
import classes from "./Deliveries.module.css";

/** How often a delivery that is not settled is looked at again. */
const RENEW_MS = 15_000;

/** One delivery: what happened, why, what to do, and the way it took. */
export function DeliveryPage() {
  const { t } = useTranslation("deliveries");
  const eventName = useEventName();
  const { guildId, deliveryId } = useParams({ from: "/app/s/$guildId/deliveries/$deliveryId" });
  const query = useQuery({
    ...queries.delivery(guildId, deliveryId),
    refetchInterval: ({ state }) => (state.data && isOpen(state.data.delivery) ? RENEW_MS : false),
  });
  const view = query.data;
  return (
    <Stack gap="xs">
      <Text size="sm">
        <TextLink to={paths.deliveries} params={{ guildId }}>
          {t("detail.back")}
        </TextLink>
      </Text>
      <Page
        title={view ? eventName(view.delivery) : t("detail.title")}
        actions={view && <Actions guildId={guildId} view={view} />}
      >
        <Loaded query={query} skeleton={<Waiting />}>
          {(data) => <Detail guildId={guildId} view={data} />}
        </Loaded>
      </Page>
    </Stack>
  );
}

function Actions({ guildId, view }: { guildId: string; view: Schema["DeliveryView"] }) {
  const { t } = useTranslation("deliveries");
  const { delivery } = view;
  return (
    <>
      <CopyButton text={delivery.id} label={t("detail.copyId")} />
      <MessageLink url={delivery.message_url} />
      {delivery.kind === "online" && <ResendButton guildId={guildId} delivery={delivery} />}
    </>
  );
}

function Detail({ guildId, view }: { guildId: string; view: Schema["DeliveryView"] }) {
  const { t } = useTranslation("deliveries");
  const channel = useChannelName(guildId)(view.delivery.channel_id);
  return (
    <Stack gap="lg">
      <Outcome guildId={guildId} view={view} channel={channel} />
      <Mentions guildId={guildId} view={view} />
      <Card title={t("timeline.title")}>
        <Timeline view={view} channel={channel} />
      </Card>
      {view.attempts.length > 0 && (
        <Card title={t("attempts.title")}>
          <Attempts attempts={view.attempts} channel={channel} />
        </Card>
      )}
    </Stack>
  );
}

/** What happened in one sentence, with cause and remedy. */
function Outcome({
  guildId,
  view,
  channel,
}: {
  guildId: string;
  view: Schema["DeliveryView"];
  channel: string;
}) {
  const { t } = useTranslation("deliveries");
  const { delivery } = view;
  const sentence = useSentence()(delivery, channel);
  const queue = useQueueTexts()(view);
  const explained = useReasons()(delivery, {
    channel,
    streamer: delivery.display_name ?? delivery.login,
    game: delivery.game,
  });
  return (
    <Card>
      <Stack gap="sm">
        <Group gap="sm">
          <OutcomeStatus delivery={delivery} />
          <Text size="sm" c="dimmed">
            <Time at={delivery.created_at} />
          </Text>
        </Group>
        <div role="status">
          <Text fw={600} size="lg">
            {sentence}
          </Text>
          {queue.note && <Text mt={4}>{queue.note}</Text>}
          {explained && <Text mt={4}>{explained.text}</Text>}
          {explained?.fix && (
            <Text mt={4} c="dimmed">
              {explained.fix}
            </Text>
          )}
        </div>
        {explained && (
          <Group gap="sm">
            <FixLink guildId={guildId} streamerId={delivery.streamer_id} explained={explained} />
          </Group>
        )}
        <Facts guildId={guildId} view={view} channel={channel} />
        {delivery.resends > 0 && (
          <Text size="sm" c="dimmed">
            {t("detail.resends", { count: delivery.resends })}{" "}
            {delivery.silent && t("detail.silent")}
          </Text>
        )}
      </Stack>
    </Card>
  );
}

function Facts({
  guildId,
  view: { delivery },
  channel,
}: {
  guildId: string;
  view: Schema["DeliveryView"];
  channel: string;
}) {
  const { t } = useTranslation("deliveries");
  return (
    <dl className={classes.facts}>
      {delivery.streamer_id && (
        <>
          <dt>{t("detail.streamer")}</dt>
          <dd>
            <TextLink to={paths.streamer} params={{ guildId, streamerId: delivery.streamer_id }}>
              {delivery.display_name ?? delivery.login ?? delivery.streamer_id}
            </TextLink>
          </dd>
        </>
      )}
      <dt>{t("detail.channel")}</dt>
      <dd>{channel}</dd>
      {delivery.title && (
        <>
          <dt>{t("detail.streamTitle")}</dt>
          <dd>{delivery.title}</dd>
        </>
      )}
      {delivery.game && (
        <>
          <dt>{t("detail.game")}</dt>
          <dd>{delivery.game}</dd>
        </>
      )}
    </dl>
  );
}

/** Whom the mention left out, or could not. */
function Mentions({ guildId, view }: { guildId: string; view: Schema["DeliveryView"] }) {
  const { t } = useTranslation("deliveries");
  const { unhonoured_opt_outs: unhonoured, opt_outs: left, unlisted_members: unlisted } = view;
  if (unhonoured + left + unlisted === 0) return null;
  return (
    <Alert
      color={unhonoured + unlisted > 0 ? "yellow" : "blue"}
      icon={<IconInfoCircle />}
      title={t("mentions.title")}
    >
      {unhonoured > 0 && (
        <Text size="sm">
          {t("mentions.unhonoured", { count: unhonoured })}{" "}
          <TextLink to={paths.notifications} params={{ guildId }}>
            {t("mentions.settings")}
          </TextLink>
        </Text>
      )}
      {left > 0 && <Text size="sm">{t("mentions.left", { count: left })}</Text>}
      {unlisted > 0 && <Text size="sm">{t("mentions.unlisted", { count: unlisted })}</Text>}
    </Alert>
  );
}

function Waiting() {
  return (
    <Stack gap="lg">
      <Skeleton height={200} radius="md" />
      <Skeleton height={340} radius="md" />
      <Paper className={classes.table} p="md">
        <Skeleton height={80} radius="sm" />
      </Paper>
    </Stack>
  );
}
