import { Divider, NavLink } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconWorld } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import { guildPages, memberPages } from "./guild-pages";
import { PUBLIC_ROOM, useHasPublicRoom } from "./public-room";
import { UnreadBadge } from "./UnreadBadge";

/** What Mantine draws a link by that leads to where one is. */
const ACTIVE = { "data-active": true } as const;

/** The room of everybody who is signed in. */
function PublicRoomLink() {
  const { t } = useTranslation();
  return (
    <>
      <Divider my="xs" />
      <NavLink
        renderRoot={(props) => <Link to={paths.room} activeProps={ACTIVE} {...props} />}
        label={t("nav.publicRoom")}
        leftSection={<IconWorld size={18} />}
        rightSection={<UnreadBadge room={PUBLIC_ROOM} />}
        style={{ borderRadius: "var(--mantine-radius-md)" }}
      />
    </>
  );
}

/** The pages of a server. */
export function GuildNav({ guildId }: { guildId: string }) {
  const { t } = useTranslation();
  const guilds = useQuery(queries.guilds);
  const hasPublicRoom = useHasPublicRoom();
  const barred = guilds.data?.no_permission.some(({ id }) => id === guildId) ?? false;
  return (
    <nav aria-label={t("nav.label")}>
      {(barred ? memberPages : guildPages).map(({ to, name, icon: Icon, exact }) => (
        <NavLink
          key={to}
          renderRoot={(props) => (
            <Link
              to={to}
              params={{ guildId }}
              activeOptions={{ exact, includeSearch: false }}
              activeProps={ACTIVE}
              {...props}
            />
          )}
          label={t(name)}
          leftSection={<Icon size={18} />}
          rightSection={to === paths.team && <UnreadBadge room={guildId} />}
          style={{ borderRadius: "var(--mantine-radius-md)" }}
        />
      ))}
      {hasPublicRoom && <PublicRoomLink />}
    </nav>
  );
}
