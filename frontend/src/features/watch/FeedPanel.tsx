import { Button, Loader, Skeleton, Stack, Text, VisuallyHidden } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { useKeys } from "~/shell/useKeys";
import { Loaded } from "~/ui/Loaded";
import { useNow } from "~/ui/Time";
import { relative } from "~/ui/time";
import { Barred } from "./Barred";
import { KINDS, LIMIT, type Happening } from "./feed";
import { FeedRow } from "./FeedRow";
import { Filter, Grants, TryOut } from "./FeedTools";
import { Replay } from "./Replay";
import { announced } from "./sentence";
import { useAnnouncer } from "./useAnnouncer";
import { useFeed, type LiveFeed } from "./useFeed";
import { useHidden } from "./useHidden";
import classes from "./Watch.module.css";

/** What happens in a channel, the latest at the top. */
export function FeedPanel({
  channel,
  onHappened,
}: {
  channel: Schema["ChannelView"];
  /** Hears of what is new while the feed is live. */
  onHappened: (happenings: readonly Happening[]) => void;
}) {
  const { t } = useTranslation("watch");
  const { hidden, kinds, setHidden } = useHidden();
  const announcer = useAnnouncer((latest, several) => announced(t, latest, several));
  const live = useFeed(channel.id, kinds, (happenings, paused) => {
    onHappened(happenings);
    // Who has paused it wants to hear nothing either.
    if (!paused) announcer.note(happenings.filter(({ kind }) => !hidden.includes(kind)));
  });
  const { feed, newest } = live;
  useKeys({ p: live.toggle });
  const page = newest.data;
  const offered = page ? KINDS.filter((kind) => page.kinds.includes(kind)) : KINDS;
  if (newest.error instanceof Problem && newest.error.status === 404) {
    return <Barred channel={channel} />;
  }
  const loaded = {
    ...newest,
    // What was answered is there once it has been taken in.
    data: feed.place === null ? undefined : page,
  };
  return (
    <div className={classes.feed}>
      <div className={classes.bar}>
        <PauseButton live={live} />
        <Filter offered={offered} hidden={hidden} onChange={setHidden} />
        {page?.owner && (
          <TryOut
            streamerId={channel.id}
            onTried={() => {
              if (live.topic !== "live") void newest.refetch();
            }}
          />
        )}
      </div>
      <VisuallyHidden role="status">{announcer.text}</VisuallyHidden>
      {live.topic === "none" && feed.place !== null && (
        <Text size="sm" c="dimmed" px="sm" pt="xs" role="status">
          {t("feed.polling")}
        </Text>
      )}
      {kinds === "" ? (
        <div className={classes.end}>
          <Text size="sm">{t("feed.allHidden")}</Text>
          <Button size="xs" variant="default" onClick={() => setHidden([])}>
            {t("feed.showAll")}
          </Button>
        </div>
      ) : (
        <Loaded query={loaded} skeleton={<Waiting />}>
          {(data) => <List live={live} page={data} />}
        </Loaded>
      )}
    </div>
  );
}

function PauseButton({ live: { feed, toggle } }: { live: LiveFeed }) {
  const { t } = useTranslation("watch");
  const Icon = feed.paused ? IconPlayerPlay : IconPlayerPause;
  return (
    <Button
      size="xs"
      variant={feed.paused ? "filled" : "default"}
      leftSection={<Icon size={14} />}
      onClick={toggle}
    >
      {feed.paused ? t("feed.resume", { count: feed.came }) : t("feed.pause")}
    </Button>
  );
}

function List({ live, page }: { live: LiveFeed; page: Schema["FeedPage"] }) {
  const { t, i18n } = useTranslation("watch");
  const now = useNow();
  const list = useRef<HTMLDivElement>(null);
  const [replayed, setReplayed] = useState<number | null>(null);
  const { shown } = live.feed;
  const open = useCallback((position: number) => setReplayed(position), []);
  const close = () => {
    const from = list.current?.querySelector<HTMLElement>(`[data-replay="${replayed}"]`);
    setReplayed(null);
    (from ?? list.current)?.focus();
  };
  return (
    <>
      {replayed !== null && shown.length > 0 && (
        <Replay shown={shown} position={replayed} onStep={open} onClose={close} />
      )}
      <div
        ref={list}
        className={classes.scroller}
        role="group"
        aria-label={t("feed.label")}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls it
        tabIndex={0}
      >
        <Grants page={page} />
        {shown.length === 0 && (
          <Text size="sm" c="dimmed" p="md" ta="center">
            {t("feed.empty")}
          </Text>
        )}
        <ol className={classes.list}>
          {shown.map((happening) => (
            <FeedRow
              key={happening.position}
              happening={happening}
              ago={agoOf(happening, now, i18n.language)}
              replayed={happening.position === replayed}
              onReplay={open}
            />
          ))}
        </ol>
        <Earlier live={live} />
      </div>
    </>
  );
}

/** What happened between two looks at the clock is no news from the future. */
function agoOf({ at }: Happening, now: Date, language: string): string {
  const moment = new Date(at);
  return relative(moment, moment > now ? moment : now, language);
}

function Earlier({ live }: { live: LiveFeed }) {
  const { t } = useTranslation("watch");
  const { feed } = live;
  if (feed.cursor === null) return null;
  if (feed.shown.length >= LIMIT) {
    return (
      <Text size="sm" c="dimmed" className={classes.end}>
        {t("feed.limit", { count: LIMIT })}
      </Text>
    );
  }
  return (
    <div className={classes.end}>
      {live.olderFailed && (
        <Text size="sm" c="var(--mantine-color-error)" role="status">
          {t("feed.earlierFailed")}
        </Text>
      )}
      {live.loadingOlder ? (
        <Loader size="sm" aria-label={t("feed.loadingEarlier")} />
      ) : (
        <Button size="xs" variant="default" onClick={() => void live.loadOlder()}>
          {t("feed.earlier")}
        </Button>
      )}
    </div>
  );
}

function Waiting() {
  return (
    <Stack gap="xs" p="sm">
      {Array.from({ length: 6 }, (_, row) => (
        <Skeleton key={row} height={36} radius="md" />
      ))}
    </Stack>
  );
}
