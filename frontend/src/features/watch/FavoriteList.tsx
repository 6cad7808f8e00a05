import { ActionIcon, Skeleton, Stack, Text, VisuallyHidden } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconArrowDown, IconArrowUp, IconStarOff } from "@tabler/icons-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { useTopic } from "~/api/live";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import { Loaded } from "~/ui/Loaded";
import { TextLink } from "~/ui/links";
import { RemoteImage } from "~/ui/RemoteImage";
import { ofEvent } from "./feed";
import { LiveDot } from "./LiveDot";
import type { Favorites } from "./useFavorites";
import classes from "./Watch.module.css";

type Favorite = Schema["FavoriteItem"];

/** Feeds that are listened to for the sake of a dot: a connection has 32 topics, and the page wants some itself. */
const MAX_DOTS = 20;

/** The channels that one watches, in one's own order. */
export function FavoriteList({ favorites, current }: { favorites: Favorites; current?: string }) {
  const { t } = useTranslation("watch");
  const feeds = useQuery(queries.feeds);
  const [said, setSaid] = useState("");
  const list = useRef<HTMLUListElement>(null);
  const moved = useRef<{ id: string; at: number; by: 1 | -1 } | null>(null);
  // What moves in the page loses the focus; who moves it again wants it to be there.
  useEffect(() => {
    if (!moved.current || favorites.query.data?.[moved.current.at]?.id !== moved.current.id) return;
    const { id, by } = moved.current;
    moved.current = null;
    const row = list.current?.querySelector(`[data-channel="${id}"]`);
    const wanted = row?.querySelector<HTMLElement>(`[data-by="${by}"]:not(:disabled)`);
    (wanted ?? row?.querySelector<HTMLElement>("[data-by]:not(:disabled)"))?.focus();
  });
  const told = new Set(
    feeds.data?.items
      .filter(({ kinds }) => kinds.includes("online") && kinds.includes("offline"))
      .map(({ streamer_id }) => streamer_id),
  );
  return (
    <Loaded query={favorites.query} skeleton={<Waiting />}>
      {(all) => {
        if (all.length === 0) {
          return (
            <Text c="dimmed" py="sm">
              {t("favorites.empty")}
            </Text>
          );
        }
        const listened = all.filter(({ id }) => told.has(id)).slice(0, MAX_DOTS);
        const move = (channel: Favorite, at: number, by: 1 | -1) => {
          if (at + by < 0 || at + by >= all.length) return;
          favorites.move(channel.id, by);
          moved.current = { id: channel.id, at: at + by, by };
          const place = { name: channel.display_name, at: at + by + 1, all: all.length };
          setSaid(t("favorites.moved", place));
        };
        return (
          <>
            <VisuallyHidden role="status">{said}</VisuallyHidden>
            <ul ref={list} className={classes.channels} aria-label={t("favorites.title")}>
              {all.map((channel, at) => (
                <Row
                  key={channel.id}
                  channel={channel}
                  isTold={listened.includes(channel)}
                  isCurrent={channel.login === current}
                  isFirst={at === 0}
                  isLast={at === all.length - 1}
                  onMove={(by) => move(channel, at, by)}
                  onRemove={() => favorites.remove(channel)}
                />
              ))}
            </ul>
          </>
        );
      }}
    </Loaded>
  );
}

function Row({
  channel,
  isTold,
  isCurrent,
  isFirst,
  isLast,
  onMove,
  onRemove,
}: {
  channel: Favorite;
  /** Whether the socket tells when it goes live. */
  isTold: boolean;
  isCurrent: boolean;
  isFirst: boolean;
  isLast: boolean;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation("watch");
  useLiveDot(channel.id, isTold);
  const name = channel.display_name;
  const pressed = (event: KeyboardEvent) => {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    onMove(event.key === "ArrowUp" ? -1 : 1);
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- its buttons do the same
    <li className={classes.channel} data-channel={channel.id} onKeyDown={pressed}>
      <RemoteImage src={channel.avatar_url} name={name} size={36} />
      <div className={classes.grow}>
        <TextLink
          to={paths.channel}
          params={{ login: channel.login }}
          aria-current={isCurrent ? "page" : undefined}
          fw={600}
        >
          <bdi>{name}</bdi>
        </TextLink>
        <div>
          <LiveDot live={channel.is_live} />
        </div>
      </div>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={32}
        data-by={-1}
        disabled={isFirst}
        aria-label={t("favorites.up", { name })}
        onClick={() => onMove(-1)}
      >
        <IconArrowUp size={18} />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={32}
        data-by={1}
        disabled={isLast}
        aria-label={t("favorites.down", { name })}
        onClick={() => onMove(1)}
      >
        <IconArrowDown size={18} />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={32}
        aria-label={t("favorites.remove", { name })}
        onClick={onRemove}
      >
        <IconStarOff size={18} />
      </ActionIcon>
    </li>
  );
}

/** Keeps a channel's dot as its feed tells, where that may be seen; else it is as old as the list. */
function useLiveDot(id: string, isTold: boolean) {
  const client = useQueryClient();
  const { queryKey } = queries.favorites;
  useTopic(isTold ? `feed:${id}` : null, {
    onEvents: (events) => {
      const last = events
        .flatMap(ofEvent)
        .findLast(({ kind, isTest }) => !isTest && (kind === "online" || kind === "offline"));
      if (!last) return;
      client.setQueryData(queryKey, (old) =>
        old?.map((each) => (each.id === id ? { ...each, is_live: last.kind === "online" } : each)),
      );
    },
    onReset: () => void client.invalidateQueries({ queryKey }),
  });
}

function Waiting() {
  return (
    <Stack gap="sm">
      {Array.from({ length: 3 }, (_, row) => (
        <Skeleton key={row} height={52} radius="md" />
      ))}
    </Stack>
  );
}
