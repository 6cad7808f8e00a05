import {
  IconBell,
  IconHistory,
  IconHome,
  IconMessage,
  IconMessages,
  IconSend,
  IconUsers,
} from "@tabler/icons-react";
import { paths } from "~/paths";

/** A server's pages, in the order of the navigation, with the key that follows `g`. */
export const guildPages = [
  { to: paths.server, name: "nav.overview", icon: IconHome, key: "o", exact: true },
  { to: paths.streamers, name: "nav.streamers", icon: IconUsers, key: "s", exact: false },
  { to: paths.notifications, name: "nav.notifications", icon: IconBell, key: "n", exact: false },
  { to: paths.templates, name: "nav.templates", icon: IconMessage, key: "t", exact: false },
  { to: paths.deliveries, name: "nav.deliveries", icon: IconSend, key: "d", exact: false },
  { to: paths.team, name: "nav.team", icon: IconMessages, key: "c", exact: false },
  { to: paths.audit, name: "nav.audit", icon: IconHistory, key: "a", exact: false },
] as const;

/** Those for everybody in the server; the others are for who manages it. */
export const memberPages = guildPages.filter(({ to }) => to === paths.team);
