import { useQuery } from "@tanstack/react-query";
import { useMatchRoute } from "@tanstack/react-router";
import { queries } from "~/api/queries";
import { paths } from "~/paths";

/** Whether there is something to be told of a server: its admins everywhere, its members on the team's page. */
export function useIsMember(guildId: string | undefined): boolean {
  const guilds = useQuery({ ...queries.guilds, enabled: guildId !== undefined });
  const inTeam = useMatchRoute()({ to: paths.team }) !== false;
  if (!guildId || !guilds.data) return false;
  const among = (list: { id: string }[]) => list.some(({ id }) => id === guildId);
  return among(guilds.data.ready) || (inTeam && among(guilds.data.no_permission));
}
