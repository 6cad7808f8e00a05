import { Alert, Group, Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useNavigate, useSearch } from "@tanstack/react-router";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { paths } from "~/paths";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { InviteCard } from "./InviteCard";
import { botQueries, type BotChannel } from "./queries";
import { StateBadge } from "./StateBadge";
import classes from "./Bot.module.css";
import type texts from "./locale/en.json";

/** One's own channels that the bot is in; with one alone, straight to it. */
export function ChannelsPage() {
  const { t } = useTranslation("bot");
  const { error } = useSearch({ from: "/app/me/bot/" });
  const channels = useQuery(botQueries.channels);
  const [only, ...others] = channels.data ?? [];
  if (only && others.length === 0 && error === undefined)
    return <Navigate to={paths.botChannel} params={{ channelId: only.channel_id }} replace />;
  return (
    <Page title={t("title")} text={t("text")}>
      <Refused error={error} />
      <Loaded query={channels} skeleton={<Skeleton height={280} radius="md" />}>
        {(all) => (
          <Stack gap="md">
            {all.length > 0 && <List channels={all} />}
            <InviteCard another={all.length > 0} />
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

/** Why nothing came of a visit to Twitch. */
function Refused({ error }: { error: string | undefined }) {
  const { t } = useTranslation("bot");
  const { t: common } = useTranslation();
  const navigate = useNavigate({ from: paths.bot });
  if (error === undefined) return null;
  return (
    <Alert
      color={error === "access_denied" ? "yellow" : "red"}
      role="alert"
      icon={<IconAlertTriangle />}
      title={t("refused.title")}
      withCloseButton
      closeButtonLabel={common("close")}
      onClose={() => void navigate({ search: {}, replace: true })}
    >
      {t(`refused.${error as keyof (typeof texts)["refused"]}`, {
        defaultValue: t("refused.unavailable"),
      })}
    </Alert>
  );
}

function List({ channels }: { channels: BotChannel[] }) {
  const { t } = useTranslation("bot");
  return (
    <ul className={classes.list} aria-label={t("channels")}>
      {channels.map((channel) => (
        <li key={channel.channel_id}>
          <Group justify="space-between" gap="sm">
            <Link
              to={paths.botChannel}
              params={{ channelId: channel.channel_id }}
              className={classes.link}
            >
              {channel.display_name}
            </Link>
            <StateBadge channel={channel} />
          </Group>
        </li>
      ))}
    </ul>
  );
}
