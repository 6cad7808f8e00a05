import { Alert, Button, Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { IconBellOff, IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import { EmptyState } from "~/ui/EmptyState";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { GuildChoices } from "./GuildChoices";

/** Which announcements ping one by name: server by server, streamer by streamer. */
export function PreferencesPage() {
  const { t } = useTranslation("account");
  const preferences = useQuery(queries.preferences);
  return (
    <Page title={t("pings.title")} text={t("pings.text")}>
      <Loaded query={preferences} skeleton={<Waiting />}>
        {(guilds) => (guilds.length === 0 ? <NoServers /> : <Guilds guilds={guilds} />)}
      </Loaded>
    </Page>
  );
}

function Guilds({ guilds }: { guilds: Schema["GuildPreferenceItem"][] }) {
  const { t } = useTranslation("account");
  const { server } = useSearch({ from: "/app/me/" });
  const navigate = useNavigate({ from: paths.me });
  // Who is in one server only has come for that one.
  const opened = server ?? (guilds.length === 1 ? guilds[0]?.guild_id : undefined);
  return (
    <Stack gap="md">
      <Alert icon={<IconInfoCircle />} color="violet" title={t("pings.how.title")}>
        {t("pings.how.text")}
      </Alert>
      {guilds.map((guild) => (
        <GuildChoices
          key={guild.guild_id}
          guild={guild}
          opened={guild.guild_id === opened}
          onToggle={(open) =>
            void navigate({ search: { server: open ? guild.guild_id : "" }, replace: true })
          }
        />
      ))}
    </Stack>
  );
}

function NoServers() {
  const { t } = useTranslation("account");
  return (
    <EmptyState
      icon={<IconBellOff size={40} />}
      title={t("pings.empty.title")}
      text={t("pings.empty.text")}
      actions={
        <Button component={Link} to={paths.servers}>
          {t("pings.empty.servers")}
        </Button>
      }
    />
  );
}

function Waiting() {
  return (
    <Stack gap="md">
      <Skeleton height={84} radius="md" />
      <Skeleton height={84} radius="md" />
      <Skeleton height={84} radius="md" />
    </Stack>
  );
}
