import {
  Button,
  Group,
  Kbd,
  SegmentedControl,
  Skeleton,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { useShortcutsSetting } from "~/shell/settings";
import { useKeys } from "~/shell/useKeys";
import { useRenewal } from "~/shell/useServerLive";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { AddDialog, type AddTab } from "./AddDialog";
import { FirstSteps } from "./FirstSteps";
import { matches, states, type State } from "./filter";
import { ReturnNotice } from "./ReturnNotice";
import { StreamerRow } from "./StreamerRow";
import classes from "./StreamersPage.module.css";

const ROUTE = "/app/s/$guildId/streamers";
/** States change by themselves; a verification takes seconds, a stream hours. */
const VERIFYING_MS = 15_000;
const RENEW_MS = 60_000;
/** A longer list is not asked for again by itself: each page is a request. */
const RENEWED_PAGES = 2;
/** Whoever types is not asked for at every letter. */
const PAUSE_MS = 300;

/** Whom a server announces. */
export function StreamersPage() {
  const { t } = useTranslation("streamers");
  const { guildId } = useParams({ from: ROUTE });
  const search = useSearch({ from: ROUTE });
  const navigate = useNavigate({ from: "/s/$guildId/streamers" });
  const [shortcuts] = useShortcutsSetting();
  const q = search.q ?? "";
  const [searched] = useDebouncedValue(q.trim(), PAUSE_MS);
  const query = useStreamerList(guildId, searched);
  // Who is here already is told from the whole list.
  const whole = useInfiniteQuery({ ...queries.streamers(guildId), enabled: search.add != null });
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: (now) => ({ ...now, ...change }), replace: true });
  const add = (tab: AddTab | undefined) => set({ add: tab });
  useKeys({ n: () => add("search") });
  const all = query.data?.pages.flatMap((page) => page.items);
  return (
    <Page
      title={t("title")}
      text={t("text")}
      actions={
        <Button
          leftSection={<IconPlus size={16} />}
          rightSection={
            shortcuts && (
              <Kbd size="xs" visibleFrom="sm">
                n
              </Kbd>
            )
          }
          onClick={() => add("search")}
        >
          {t("add")}
        </Button>
      }
    >
      <ReturnNotice
        linked={search.linked}
        error={search.error}
        onClose={() => set({ linked: undefined, error: undefined })}
      />
      <Loaded query={query} skeleton={<Waiting />}>
        {() =>
          all && (all.length > 0 || q !== "" || searched !== "") ? (
            <List
              guildId={guildId}
              all={all}
              q={q}
              searching={q.trim() !== searched || query.isPlaceholderData}
              state={states.find((state) => state === search.state) ?? "all"}
              onFilter={set}
              query={query}
            />
          ) : (
            <FirstSteps guildId={guildId} onAdd={add} />
          )
        }
      </Loaded>
      <AddDialog
        guildId={guildId}
        tab={search.add}
        onTab={add}
        known={whole.data?.pages.flatMap((page) => page.items) ?? []}
      />
    </Page>
  );
}

function useStreamerList(guildId: string, q: string) {
  const often = useRenewal(guildId, VERIFYING_MS);
  const seldom = useRenewal(guildId, RENEW_MS);
  return useInfiniteQuery({
    ...queries.streamers(guildId, q),
    refetchInterval: ({ state: { data } }) => {
      if (!data || data.pages.length > RENEWED_PAGES) return false;
      const verifying = data.pages.some(({ items }) =>
        items.some(({ subscription, enabled }) => enabled && subscription === "pending"),
      );
      return verifying ? often : seldom;
    },
  });
}

interface ListProps {
  guildId: string;
  all: Schema["StreamerItem"][];
  q: string;
  /** What is shown is the list of a moment ago. */
  searching: boolean;
  state: State;
  onFilter: (change: { q?: string; state?: State }) => void;
  query: ReturnType<typeof useStreamerList>;
}

function List({ guildId, all, q, searching, state, onFilter, query }: ListProps) {
  const { t } = useTranslation("streamers");
  const { t: common } = useTranslation();
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;
  const filtered = q !== "" || state !== "all";
  // States are not searched by the API, so the rest of the list is fetched for them.
  const rest = state !== "all" && hasNextPage && !isFetchNextPageError;
  useEffect(() => {
    if (rest && !isFetchingNextPage) void fetchNextPage();
  }, [rest, isFetchingNextPage, fetchNextPage]);
  const shown = all.filter((streamer) => matches(streamer, q, state));
  const words = () => {
    if (searching) return t("search.searching");
    if (rest) return t("filter.searching", { count: all.length });
    if (filtered)
      return t(hasNextPage ? "filter.foundMore" : "filter.found", { count: shown.length });
    return t(hasNextPage ? "countMore" : "count", { count: all.length });
  };
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <TextInput
          type="search"
          aria-label={t("filter.label")}
          placeholder={t("filter.placeholder")}
          leftSection={<IconSearch size={16} />}
          value={q}
          maxLength={100}
          onChange={(event) => onFilter({ q: event.currentTarget.value || undefined })}
          className={classes.filter}
        />
        <SegmentedControl
          aria-label={t("filter.state")}
          value={state}
          onChange={(value) => onFilter({ state: value === "all" ? undefined : value })}
          data={states.map((value) => ({ value, label: t(`filter.${value}`) }))}
          className={classes.states}
        />
      </Group>
      <Text size="sm" c="dimmed" role="status">
        {words()}
      </Text>
      <ul className={classes.list} aria-label={t("title")}>
        {shown.map((streamer) => (
          <StreamerRow key={streamer.id} guildId={guildId} streamer={streamer} />
        ))}
      </ul>
      {shown.length === 0 && !rest && !searching && (
        <Group justify="center" py="lg">
          <Text c="dimmed">{t("filter.none")}</Text>
          <Button variant="default" onClick={() => onFilter({ q: undefined, state: undefined })}>
            {t("filter.clear")}
          </Button>
        </Group>
      )}
      {hasNextPage && !rest && (
        <Group justify="center">
          <Button
            variant="default"
            loading={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {common("loadMore")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function Waiting() {
  return (
    <Stack gap="sm">
      <Skeleton height={36} width={320} radius="md" />
      {[1, 2, 3, 4, 5].map((row) => (
        <Skeleton key={row} height={66} radius="md" />
      ))}
    </Stack>
  );
}
