import { Badge, Button, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconAlertTriangle, IconBroadcast, IconChevronRight, IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { leave, paths } from "~/paths";
import { CopyButton } from "~/ui/CopyButton";
import { LinkButton } from "~/ui/links";
import { RemoteImage } from "~/ui/RemoteImage";
import { Status } from "~/ui/Status";
import classes from "./ServersPage.module.css";

type Guild = Schema["GuildItem"];
type Kind = "ready" | "can_add" | "no_permission";

const rows = { ready: Ready, can_add: Addable, no_permission: Barred };

/** Servers that need the same next step. */
export function ServerGroup({ kind, guilds }: { kind: Kind; guilds: Guild[] }) {
  const { t } = useTranslation("servers");
  const Row = rows[kind];
  if (guilds.length === 0) return null;
  return (
    <section aria-labelledby={`servers-${kind}`}>
      <Title order={2} size="h4" id={`servers-${kind}`}>
        {t(`groups.${kind}.title`)}{" "}
        <Text component="span" c="dimmed" fw={400} size="md">
          {guilds.length}
        </Text>
      </Title>
      <Text c="dimmed" size="sm" mb="sm">
        {t(`groups.${kind}.text`)}
      </Text>
      <ul className={classes.rows}>
        {guilds.map((guild) => (
          <li key={guild.id}>
            <Row guild={guild} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Ready({ guild }: { guild: Guild }) {
  const { t } = useTranslation("servers");
  return (
    <Link
      to={paths.server}
      params={{ guildId: guild.id }}
      className={classes.row}
      data-clickable
      data-row
    >
      <Name guild={guild}>
        <Text component="span" size="sm" c="dimmed">
          {t("streamers", { count: guild.streamers })}
        </Text>
      </Name>
      <span className={classes.states}>
        {guild.live > 0 && (
          <Status icon={<IconBroadcast size={14} />} color="green">
            {t("live", { count: guild.live })}
          </Status>
        )}
        {guild.degraded > 0 && (
          <Status icon={<IconAlertTriangle size={14} />} color="red">
            {t("degraded", { count: guild.degraded })}
          </Status>
        )}
      </span>
      <IconChevronRight size={18} aria-hidden className={classes.chevron} />
    </Link>
  );
}

function Addable({ guild }: { guild: Guild }) {
  const { t } = useTranslation("servers");
  return (
    <div className={classes.row}>
      <Name guild={guild} />
      <Button
        component="a"
        href={leave.install(guild.id)}
        leftSection={<IconPlus size={16} />}
        aria-label={t("addTo", { name: guild.name })}
        className={classes.action}
        data-row
      >
        {t("add")}
      </Button>
    </div>
  );
}

function Barred({ guild }: { guild: Guild }) {
  const { t } = useTranslation("servers");
  const link = `${location.origin}${paths.servers}`;
  // A server with something to choose has the bot, and so a room for its members.
  const mine = useQuery(queries.preferences);
  const hasRoom = mine.data?.some(({ guild_id }) => guild_id === guild.id) ?? false;
  return (
    <div className={classes.row}>
      <Name guild={guild} />
      {hasRoom && (
        <LinkButton
          to={paths.team}
          params={{ guildId: guild.id }}
          size="xs"
          aria-label={t("teamOf", { name: guild.name })}
        >
          {t("team")}
        </LinkButton>
      )}
      <CopyButton text={t("request.text", { name: guild.name, link })} label={t("request.copy")} />
    </div>
  );
}

function Name({ guild, children }: { guild: Guild; children?: React.ReactNode }) {
  const { t } = useTranslation("servers");
  return (
    <span className={classes.name}>
      <RemoteImage src={guild.icon_url} name={guild.name} size={44} round={false} />
      <span className={classes.words}>
        <Text component="span" fw={600} lineClamp={2}>
          {guild.name}
          {guild.owner && (
            <Badge component="span" variant="default" size="sm" tt="none" ml={8}>
              {t("owner")}
            </Badge>
          )}
        </Text>
        {children}
      </span>
    </span>
  );
}
