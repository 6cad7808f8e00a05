import { Button, Group, Paper, Skeleton, Stack, Text } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import {
  IconArrowUp,
  IconFilterOff,
  IconFlask,
  IconPlayerPause,
  IconPlayerPlay,
  IconSearch,
  IconSend,
} from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { TestResult } from "~/delivery/TestResult";
import { useTestSend } from "~/delivery/useTestSend";
import { EmptyState } from "~/ui/EmptyState";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { Status } from "~/ui/Status";
import { useRowKeys } from "~/shell/useRowKeys";
import { DeliveryList } from "./DeliveryList";
import { Filters } from "./Filters";
import { ResendMany } from "./ResendMany";
import { filterOf, type DeliverySearch } from "./search";
import { useDeliveryLog } from "./useDeliveryLog";
import { useSelection } from "./useSelection";
import classes from "./Deliveries.module.css";

/** The log: what became of every announcement, edit and test. */
export function DeliveriesPage() {
  const { t } = useTranslation("deliveries");
  const { guildId } = useParams({ from: "/app/s/$guildId" });
  const search = useSearch({ from: "/app/s/$guildId/deliveries" });
  const navigate = useNavigate({ from: "/s/$guildId/deliveries" });
  const [paused, setPaused] = useState(false);
  const [openedAt] = useState(() => new Date());
  const { status, kind, streamer_id, range } = search;
  const filter = useMemo(
    () => filterOf({ status, kind, streamer_id, range }, openedAt),
    [status, kind, streamer_id, range, openedAt],
  );
  const log = useDeliveryLog(guildId, filter, paused);
  const list = useRef<HTMLDivElement>(null);
  useRowKeys(list);
  const selection = useSelection(log.rows);
  const clearSelection = () => {
    // The bar goes away with what it was about.
    list.current?.focus({ preventScroll: true });
    selection.clear();
  };
  const filtered = Boolean(status ?? kind ?? streamer_id ?? range);
  const change = (changes: Partial<DeliverySearch>) =>
    void navigate({ search: { ...search, ...changes }, replace: true });
  const clear = () => void navigate({ search: {}, replace: true });
  const showFresh = () => {
    // The button goes away with what it showed.
    list.current?.focus({ preventScroll: true });
    list.current?.scrollIntoView({ block: "nearest" });
    log.showFresh();
  };
  return (
    <Page
      title={t("title")}
      text={t("text")}
      actions={<LiveSwitch paused={paused} failing={log.failing} onChange={setPaused} />}
    >
      <Filters
        guildId={guildId}
        search={search}
        rows={log.rows}
        onChange={change}
        onClear={clear}
      />
      <div
        ref={list}
        tabIndex={-1}
        className={classes.list}
        data-old={log.list.isPlaceholderData || undefined}
      >
        <Loaded query={log.list} skeleton={<Waiting />}>
          {() =>
            log.rows.length === 0 ? (
              <Nothing
                guildId={guildId}
                filtered={filtered}
                fresh={log.fresh}
                onFresh={log.showFresh}
                onClear={clear}
              />
            ) : (
              <Stack gap="sm">
                <Fresh count={log.fresh} more={log.more} onShow={showFresh} />
                <DeliveryList guildId={guildId} rows={log.rows} selection={selection} />
                <More list={log.list} count={log.rows.length} />
                <ResendMany
                  guildId={guildId}
                  deliveries={selection.deliveries}
                  onClear={clearSelection}
                />
              </Stack>
            )
          }
        </Loaded>
      </div>
    </Page>
  );
}

/** Says that the page is kept up to date, and stops that (WCAG 2.2.2). */
function LiveSwitch({
  paused,
  failing,
  onChange,
}: {
  paused: boolean;
  failing: boolean;
  onChange: (paused: boolean) => void;
}) {
  const { t } = useTranslation("deliveries");
  const state = paused ? "live.paused" : failing ? "live.failing" : "live.on";
  return (
    <Group gap="sm">
      <Text size="sm" c="dimmed" role="status">
        <span className={classes.dot} data-on={(!paused && !failing) || undefined} aria-hidden />
        {t(state)}
      </Text>
      <Button
        variant="default"
        size="xs"
        onClick={() => onChange(!paused)}
        leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
      >
        {t(paused ? "live.resume" : "live.pause")}
      </Button>
    </Group>
  );
}

function Fresh({ count, more, onShow }: { count: number; more: boolean; onShow: () => void }) {
  const { t } = useTranslation("deliveries");
  const text = more ? t("freshMore", { count }) : t("fresh", { count });
  return (
    <div role="status" className={classes.fresh}>
      {count > 0 && (
        <Button size="xs" radius="xl" leftSection={<IconArrowUp size={14} />} onClick={onShow}>
          {text}
        </Button>
      )}
    </div>
  );
}

type Log = ReturnType<typeof useDeliveryLog>;

function More({ list, count }: { list: Log["list"]; count: number }) {
  const { t } = useTranslation("deliveries");
  const common = useTranslation();
  return (
    <Group justify="center" gap="md" mt="xs">
      <Text size="sm" c="dimmed" aria-live="polite">
        {t(list.hasNextPage ? "shown" : "shownAll", { count })}
      </Text>
      {list.hasNextPage && (
        <Button
          variant="default"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {common.t("loadMore")}
        </Button>
      )}
      {list.isFetchNextPageError && (
        <Status icon={<IconSearch size={14} aria-hidden />} color="red">
          {t("moreFailed")}
        </Status>
      )}
    </Group>
  );
}

function Nothing({
  guildId,
  filtered,
  fresh,
  onFresh,
  onClear,
}: {
  guildId: string;
  filtered: boolean;
  fresh: number;
  onFresh: () => void;
  onClear: () => void;
}) {
  const { t } = useTranslation("deliveries");
  const test = useTestSend(guildId);
  // Where nothing stands, nothing can jump.
  useEffect(() => {
    if (fresh > 0) onFresh();
  }, [fresh, onFresh]);
  if (filtered) {
    return (
      <EmptyState
        icon={<IconSearch size={40} />}
        title={t("nothing.title")}
        text={t("nothing.text")}
        actions={
          <Button leftSection={<IconFilterOff size={16} />} onClick={onClear}>
            {t("clear")}
          </Button>
        }
      />
    );
  }
  return (
    <Stack gap="md">
      <TestResult guildId={guildId} test={test} channel={t("theChannel")} />
      <EmptyState
        icon={<IconSend size={40} />}
        title={t("empty.title")}
        text={t("empty.text")}
        actions={
          <Button
            leftSection={<IconFlask size={16} />}
            loading={test.isPending}
            onClick={() => test.mutate({})}
          >
            {t("empty.action")}
          </Button>
        }
      />
    </Stack>
  );
}

function Waiting() {
  return (
    <Paper className={classes.table} p="md">
      <Stack gap="md">
        {Array.from({ length: 8 }, (_, row) => (
          <Skeleton key={row} height={36} radius="sm" />
        ))}
      </Stack>
    </Paper>
  );
}
