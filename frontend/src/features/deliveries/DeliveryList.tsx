import { ActionIcon, Checkbox, Paper, Table, Text, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { IconArrowsExchange, IconExternalLink } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { OutcomeStatus } from "~/delivery/OutcomeStatus";
import { latencyOf, worthResending, type Delivery } from "~/delivery/outcome";
import { useReasons } from "~/delivery/reasons";
import { useEventName } from "~/delivery/events";
import { useChannelName } from "~/guild/ChannelSelect";
import { paths } from "~/paths";
import { Status } from "~/ui/Status";
import { Time } from "~/ui/Time";
import { span } from "~/ui/time";
import type { Row } from "./fold";
import type { Selection } from "./useSelection";
import classes from "./Deliveries.module.css";

/** The log's rows: a table, or cards where there is no room for one. */
export function DeliveryList({
  guildId,
  rows,
  selection,
}: {
  guildId: string;
  rows: Row[];
  selection: Selection;
}) {
  const { t } = useTranslation("deliveries");
  const channelName = useChannelName(guildId);
  const narrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const { some, toggle } = selection;
  const row = ({ delivery, moved }: Row): RowProps => ({
    guildId,
    delivery,
    moved,
    channel: channelName(delivery.channel_id),
    selectable: some,
    selected: selection.has(delivery.id),
    onSelect: toggle,
  });
  const all = {
    checked: selection.all,
    indeterminate: !selection.all && selection.count > 0,
    onChange: selection.toggleAll,
  };
  if (narrow) {
    return (
      <>
        {some && <Checkbox label={t("many.all")} {...all} />}
        <ul className={classes.cards} aria-label={t("title")}>
          {rows.map((each) => (
            <CardRow key={each.delivery.id} {...row(each)} />
          ))}
        </ul>
      </>
    );
  }
  return (
    <Paper className={classes.table}>
      <Table verticalSpacing="sm" horizontalSpacing="md" aria-label={t("title")}>
        <Table.Thead>
          <Table.Tr>
            {some && (
              <Table.Th w={40}>
                <Checkbox aria-label={t("many.all")} {...all} />
              </Table.Th>
            )}
            <Table.Th w={120}>{t("columns.time")}</Table.Th>
            <Table.Th>{t("columns.event")}</Table.Th>
            <Table.Th>{t("columns.channel")}</Table.Th>
            <Table.Th>{t("columns.outcome")}</Table.Th>
            <Table.Th ta="right">{t("columns.latency")}</Table.Th>
            <Table.Th w={60}>{t("columns.message")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((each) => (
            <TableRow key={each.delivery.id} {...row(each)} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

interface RowProps {
  guildId: string;
  delivery: Delivery;
  moved: boolean;
  channel: string;
  /** Whether rows of the list can be selected. */
  selectable: boolean;
  selected: boolean;
  onSelect: (id: string) => void;
}

const TableRow = memo(function TableRow(props: RowProps) {
  const { guildId, delivery, moved, channel } = props;
  const latency = useLatency();
  return (
    <Table.Tr className={classes.row} data-selected={props.selected || undefined}>
      {props.selectable && (
        <Table.Td>
          <SelectBox {...props} />
        </Table.Td>
      )}
      <Table.Td>
        <span className={classes.above}>
          <Time at={delivery.created_at} />
        </span>
      </Table.Td>
      <Table.Td className={classes.event}>
        <EventLink guildId={guildId} delivery={delivery} />
        <StreamTitle delivery={delivery} />
      </Table.Td>
      <Table.Td className={classes.channel}>{channel}</Table.Td>
      <Table.Td>
        <OutcomeCell delivery={delivery} moved={moved} channel={channel} />
      </Table.Td>
      <Table.Td ta="right" className={classes.latency}>
        {latency(delivery) ?? "–"}
      </Table.Td>
      <Table.Td>
        <MessageIcon delivery={delivery} />
      </Table.Td>
    </Table.Tr>
  );
});

const CardRow = memo(function CardRow(props: RowProps) {
  const { guildId, delivery, moved, channel } = props;
  const latency = useLatency();
  return (
    <Paper
      component="li"
      className={classes.card}
      p="sm"
      data-selected={props.selected || undefined}
    >
      <div className={classes.cardHead}>
        <OutcomeCell delivery={delivery} moved={moved} channel={channel} />
        <MessageIcon delivery={delivery} />
        <SelectBox {...props} />
      </div>
      <EventLink guildId={guildId} delivery={delivery} />
      <StreamTitle delivery={delivery} />
      <Text size="sm" c="dimmed" component="div" mt={4}>
        <span className={classes.above}>
          <Time at={delivery.created_at} />
        </span>
        {[channel, latency(delivery)].filter(Boolean).map((fact) => ` · ${fact}`)}
      </Text>
    </Paper>
  );
});

/** Selects a row that is worth sending again. */
function SelectBox({ delivery, moved, channel, selected, onSelect }: RowProps) {
  const { t } = useTranslation("deliveries");
  const name = useEventName()(delivery);
  if (moved || !worthResending(delivery)) return null;
  return (
    <Checkbox
      className={classes.above}
      aria-label={t("many.one", { name, channel })}
      checked={selected}
      onChange={() => onSelect(delivery.id)}
    />
  );
}

function EventLink({ guildId, delivery }: { guildId: string; delivery: Delivery }) {
  const name = useEventName()(delivery);
  return (
    <Link
      to={paths.delivery}
      params={{ guildId, deliveryId: delivery.id }}
      className={classes.link}
      data-row
    >
      {name}
    </Link>
  );
}

function StreamTitle({ delivery: { title, game } }: { delivery: Delivery }) {
  const text = [title, game].filter(Boolean).join(" · ");
  if (!text) return null;
  return (
    <Text size="sm" c="dimmed" truncate title={text}>
      {text}
    </Text>
  );
}

function OutcomeCell({
  delivery,
  moved,
  channel,
}: {
  delivery: Delivery;
  moved: boolean;
  channel: string;
}) {
  const { t } = useTranslation("deliveries");
  const reasons = useReasons();
  if (moved) {
    return (
      <Status icon={<IconArrowsExchange size={14} aria-hidden />} color="gray">
        {t("moved")}
      </Status>
    );
  }
  const explained = reasons(delivery, {
    channel,
    streamer: delivery.display_name,
    game: delivery.game,
  });
  return (
    <div>
      <OutcomeStatus delivery={delivery} />
      {explained && (
        <Text size="sm" c="dimmed" mt={4}>
          {explained.short}
        </Text>
      )}
    </div>
  );
}

function useLatency() {
  const { i18n } = useTranslation();
  return (delivery: Delivery) => {
    const ms = latencyOf(delivery);
    return ms === null ? null : span(ms, i18n.language);
  };
}

function MessageIcon({ delivery: { message_url: url } }: { delivery: Delivery }) {
  const { t } = useTranslation("delivery");
  if (!url) return null;
  const label = `${t("test.view")} (${t("test.newTab")})`;
  return (
    <Tooltip label={t("test.view")}>
      <ActionIcon
        component="a"
        href={url}
        target="_blank"
        rel="noopener noreferrer"
        variant="default"
        size="lg"
        className={classes.above}
        aria-label={label}
      >
        <IconExternalLink size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
