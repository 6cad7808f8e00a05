import { Button, Group, Skeleton, Stack, Tabs, Text, Title } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { IconUserQuestion } from "@tabler/icons-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import { Card } from "~/ui/Card";
import { EmptyState } from "~/ui/EmptyState";
import { LinkButton } from "~/ui/links";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { RemoteImage } from "~/ui/RemoteImage";
import { Time, useNow } from "~/ui/Time";
import { span } from "~/ui/time";
import { ChannelSearch, FavoriteToggle } from "./ChannelSearch";
import { channelUrl, twitchLink } from "./embed";
import { FavoriteList } from "./FavoriteList";
import type { Happening } from "./feed";
import { FeedPanel } from "./FeedPanel";
import { LiveDot } from "./LiveDot";
import { Pings } from "./Pings";
import { Chat, EmbedNote, OnTwitch, Player } from "./Player";
import { useFavorites } from "./useFavorites";
import classes from "./Watch.module.css";

type Channel = Schema["ChannelView"];

/** How often is looked whether the channel is live, beside what its feed tells. */
const POLL_MS = 60_000;
/** The stream is stored before it is told of, and its title may follow a little later. */
const SOON_MS = 500;

/** A channel: Twitch's player and chat, and what happens in it. */
export function ChannelPage() {
  const { login } = useParams({ from: "/app/live/$login" });
  // Another channel is another page: nothing of the one before stays.
  return <OneChannel key={login.toLowerCase()} login={login.toLowerCase()} />;
}

function OneChannel({ login }: { login: string }) {
  const { t } = useTranslation("watch");
  const favorites = useFavorites();
  const channel = useQuery({ ...queries.channel(login), refetchInterval: POLL_MS });
  const [text, setText] = useState("");
  const name = channel.data?.display_name ?? login;
  const isGone = channel.error instanceof Problem && channel.error.status === 404;
  return (
    <Page
      title={name}
      text={channel.data && <Headline channel={channel.data} />}
      actions={channel.data && <FavoriteToggle channel={channel.data} favorites={favorites} />}
    >
      {isGone ? (
        <Unknown login={login} />
      ) : (
        <Loaded query={channel} skeleton={<Waiting />}>
          {(data) => <Stage channel={data} />}
        </Loaded>
      )}
      <Card title={t("favorites.title")}>
        <Stack gap="md">
          <FavoriteList favorites={favorites} current={login} />
          <ChannelSearch text={text} onChange={setText} favorites={favorites} />
        </Stack>
      </Card>
    </Page>
  );
}

/** Whether the channel is live, for how long, before how many. */
function Headline({ channel: { is_live, stream } }: { channel: Channel }) {
  const { t, i18n } = useTranslation("watch");
  const now = useNow();
  const parts: string[] = [];
  if (is_live && stream) {
    const passed = Math.max(0, now.getTime() - new Date(stream.started_at).getTime());
    parts.push(t("state.for", { span: span(passed, i18n.language) }));
    if (stream.viewers != null) parts.push(t("state.viewers", { count: stream.viewers }));
    if (stream.game) parts.push(stream.game);
  }
  return (
    <span className={classes.head}>
      <LiveDot live={is_live} />
      {parts.length > 0 && <span>{parts.join(" · ")}</span>}
    </span>
  );
}

function Stage({ channel }: { channel: Channel }) {
  const { t } = useTranslation("watch");
  const { login, display_name: name, is_live } = channel;
  const [anyway, setAnyway] = useState(false);
  // Who watches when the stream ends sees its end.
  const [wasLive, setWasLive] = useState(is_live !== false);
  if (is_live && !wasLive) setWasLive(true);
  const onHappened = useRenewal(login);
  return (
    <div className={classes.stage}>
      <div className={classes.left}>
        {wasLive || anyway ? (
          <Player login={login} name={name} />
        ) : (
          <Offline channel={channel} onAnyway={() => setAnyway(true)} />
        )}
        <EmbedNote login={login} />
        {is_live && channel.stream?.title && (
          <Text>
            <bdi>{channel.stream.title}</bdi>
          </Text>
        )}
        <Pings channel={channel} />
      </div>
      <Panel
        label={t("panel")}
        feed={<FeedPanel channel={channel} onHappened={onHappened} />}
        chat={<Chat login={login} name={name} />}
      />
    </div>
  );
}

/** Whether the channel is not what it was before. */
const changes = ({ kind, isTest }: Happening) =>
  !isTest && (kind === "online" || kind === "offline" || kind === "update");

/** Asks anew for the channel once its feed tells that it is not what it was. */
function useRenewal(login: string) {
  const client = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (happenings: readonly Happening[]) => {
    if (!happenings.some(changes)) return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void client.invalidateQueries({ queryKey: queries.channel(login).queryKey });
    }, SOON_MS);
  };
}

/** The feed and the chat, one at a time. */
function Panel({ label, feed, chat }: { label: string; feed: ReactNode; chat: ReactNode }) {
  const { t } = useTranslation("watch");
  const [tab, setTab] = useLocalStorage({
    key: "streammaxing-watch-tab",
    defaultValue: "feed",
    getInitialValueInEffect: false,
  });
  const shown = tab === "chat" ? "chat" : "feed";
  // Nothing is loaded from Twitch before somebody wants to see it.
  const [opened, setOpened] = useState(shown === "chat");
  if (shown === "chat" && !opened) setOpened(true);
  return (
    <Tabs
      className={classes.panel}
      value={shown}
      onChange={(next) => setTab(next ?? "feed")}
      component="section"
      aria-label={label}
    >
      <Tabs.List grow>
        <Tabs.Tab value="feed">{t("tabs.feed")}</Tabs.Tab>
        <Tabs.Tab value="chat">{t("tabs.chat")}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="feed" className={classes.tab}>
        {feed}
      </Tabs.Panel>
      <Tabs.Panel value="chat" className={classes.tab}>
        {opened && chat}
      </Tabs.Panel>
    </Tabs>
  );
}

/** In the player's place: what was on last, and where it can be seen. */
function Offline({ channel, onAnyway }: { channel: Channel; onAnyway: () => void }) {
  const { t } = useTranslation("watch");
  const { display_name: name, login, stream } = channel;
  const vod = twitchLink(stream?.vod_url);
  return (
    <div className={classes.player}>
      <Stack className={classes.instead} gap="sm">
        <RemoteImage src={channel.avatar_url} name={name} size={64} />
        <Title order={2} size="h4">
          {t("offline.title", { name })}
        </Title>
        {stream ? (
          <Text c="dimmed" size="sm" component="div">
            {t("offline.last")} <Time at={stream.ended_at ?? stream.started_at} />
            {stream.title && (
              <div>
                <bdi>{stream.title}</bdi>
              </div>
            )}
          </Text>
        ) : (
          <Text c="dimmed" size="sm">
            {t("offline.never")}
          </Text>
        )}
        <Group gap="sm" justify="center">
          {vod !== null && (
            <Button component="a" href={vod} target="_blank" rel="noreferrer">
              {t("offline.vod")}
            </Button>
          )}
          <OnTwitch address={channelUrl(login)} />
          <Button variant="subtle" color="gray" onClick={onAnyway}>
            {t("offline.anyway")}
          </Button>
        </Group>
      </Stack>
    </div>
  );
}

function Unknown({ login }: { login: string }) {
  const { t } = useTranslation("watch");
  return (
    <EmptyState
      icon={<IconUserQuestion size={40} />}
      title={t("unknown.title", { login })}
      text={t("unknown.text")}
      actions={<LinkButton to={paths.live}>{t("unknown.search")}</LinkButton>}
    />
  );
}

function Waiting() {
  return (
    <div className={classes.stage}>
      <Skeleton className={classes.player} radius="md" />
      <Skeleton className={classes.panel} radius="md" />
    </div>
  );
}
