import { Link, Outlet } from "@tanstack/react-router";
import {
  IconBell,
  IconBrandTwitch,
  IconDeviceDesktop,
  IconMessageChatbot,
  IconPalette,
  IconShield,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { paths } from "~/paths";
import classes from "./AccountFrame.module.css";

const PAGES = [
  { to: paths.me, name: "user.notifications", icon: IconBell },
  { to: paths.sessions, name: "user.sessions", icon: IconDeviceDesktop },
  { to: paths.ownChannel, name: "user.channel", icon: IconBrandTwitch },
  { to: paths.bot, name: "user.bot", icon: IconMessageChatbot },
  { to: paths.privacy, name: "user.privacy", icon: IconShield },
  { to: paths.appearance, name: "user.appearance", icon: IconPalette },
] as const;

/** Around one's own pages. */
export function AccountFrame() {
  const { t } = useTranslation();
  const { t: account } = useTranslation("account");
  return (
    <>
      <nav aria-label={account("nav")} className={classes.tabs}>
        {PAGES.map(({ to, name, icon: Icon }) => (
          <Link
            key={to}
            to={to}
            // The bot has pages of its own.
            activeOptions={{ exact: to !== paths.bot, includeSearch: false }}
            className={classes.tab}
          >
            <Icon size={18} aria-hidden />
            {t(name)}
          </Link>
        ))}
      </nav>
      <Outlet />
    </>
  );
}
