import { Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { IconMessageChatbot } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { paths } from "~/paths";
import { EmptyState } from "~/ui/EmptyState";
import { LinkButton, TextLink } from "~/ui/links";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { botQueries, type BotChannel } from "./queries";
import { useChannelId } from "./useBotChannel";
import classes from "./Bot.module.css";

const PAGES = [
  { to: paths.botChannel, name: "pages.state", exact: true },
  { to: paths.botCommands, name: "pages.commands", exact: false },
  { to: paths.botTimers, name: "pages.timers", exact: true },
  { to: paths.botLog, name: "pages.log", exact: true },
  { to: paths.botSettings, name: "pages.settings", exact: true },
] as const;

/** Around the bot's pages of one channel. */
export function BotFrame() {
  const channels = useQuery(botQueries.channels);
  const channelId = useChannelId();
  return (
    <Loaded query={channels} skeleton={<Skeleton height={320} radius="md" />}>
      {(all) => {
        const channel = all.find(({ channel_id }) => channel_id === channelId);
        if (!channel) return <Unknown />;
        return (
          <>
            <Head channel={channel} several={all.length > 1} />
            <Outlet />
          </>
        );
      }}
    </Loaded>
  );
}

function Head({ channel, several }: { channel: BotChannel; several: boolean }) {
  const { t } = useTranslation("bot");
  return (
    <div className={classes.head}>
      <Text component="span" fw={600}>
        {channel.display_name}
        {several && (
          <>
            {" · "}
            <TextLink to={paths.bot}>{t("otherChannel")}</TextLink>
          </>
        )}
      </Text>
      <nav aria-label={t("pages.label")} className={classes.pages}>
        {PAGES.map(({ to, name, exact }) => (
          <Link
            key={to}
            to={to}
            params={{ channelId: channel.channel_id }}
            activeOptions={{ exact, includeSearch: false }}
            className={classes.page}
          >
            {t(name)}
          </Link>
        ))}
      </nav>
    </div>
  );
}

/** Somebody else's channel, or one that never had the bot: nobody learns which. */
function Unknown() {
  const { t } = useTranslation("bot");
  return (
    <Page title={t("unknown.title")}>
      <EmptyState
        icon={<IconMessageChatbot size={40} />}
        title={t("unknown.heading")}
        text={t("unknown.text")}
        actions={<LinkButton to={paths.bot}>{t("unknown.action")}</LinkButton>}
      />
    </Page>
  );
}
