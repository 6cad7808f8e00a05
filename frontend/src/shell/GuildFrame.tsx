import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useMatchRoute, useParams } from "@tanstack/react-router";
import { IconLock, IconRobot } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { queries } from "~/api/queries";
import { leave, paths } from "~/paths";
import { EmptyState } from "~/ui/EmptyState";
import { LinkButton } from "~/ui/links";
import { useServerLive } from "./useServerLive";

/** Around a server's pages: says so when the bot is not there, or the person may not manage it. */
export function GuildFrame() {
  const { t } = useTranslation();
  const { guildId } = useParams({ from: "/app/s/$guildId" });
  const guilds = useQuery(queries.guilds);
  const found = (list: { id: string; name: string }[] | undefined) =>
    list?.find((guild) => guild.id === guildId);
  const managed = found(guilds.data?.ready) !== undefined;
  useServerLive(managed ? guildId : null);
  const inTeam = useMatchRoute()({ to: paths.team, params: { guildId } }) !== false;
  const addable = found(guilds.data?.can_add);
  const barred = found(guilds.data?.no_permission);
  // The bot is where there is something to choose.
  const mine = useQuery({ ...queries.preferences, enabled: barred !== undefined && !inTeam });
  const hasRoom = mine.data?.some(({ guild_id }) => guild_id === guildId) ?? false;
  const others = (
    <Button component={Link} to={paths.servers} variant="default">
      {t("servers.all")}
    </Button>
  );
  if (addable) {
    return (
      <EmptyState
        icon={<IconRobot size={40} />}
        title={t("guild.noBotTitle", { name: addable.name })}
        text={t("guild.noBotText")}
        actions={
          <>
            <Button component="a" href={leave.install(guildId)}>
              {t("guild.addBot")}
            </Button>
            {others}
          </>
        }
      />
    );
  }
  if (barred && !inTeam) {
    return (
      <EmptyState
        icon={<IconLock size={40} />}
        title={t("guild.noPermissionTitle", { name: barred.name })}
        text={t("guild.noPermissionText")}
        actions={
          <>
            {hasRoom && (
              <LinkButton to={paths.team} params={{ guildId }}>
                {t("guild.toTeam")}
              </LinkButton>
            )}
            {others}
          </>
        }
      />
    );
  }
  // Somebody else's server, or none: each page's own request says so.
  return <Outlet />;
}
