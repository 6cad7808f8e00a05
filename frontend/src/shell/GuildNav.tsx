import { NavLink } from "@mantine/core";
import { Link, useMatchRoute } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { guildPages } from "./guild-pages";

/** The pages of a server. */
export function GuildNav({ guildId }: { guildId: string }) {
  const { t } = useTranslation();
  const matches = useMatchRoute();
  return (
    <nav aria-label={t("nav.label")}>
      {guildPages.map(({ to, name, icon: Icon, exact }) => {
        const active = Boolean(matches({ to, params: { guildId }, fuzzy: !exact }));
        return (
          <NavLink
            key={to}
            renderRoot={(props) => (
              <Link
                to={to}
                params={{ guildId }}
                {...props}
                aria-current={active ? "page" : undefined}
              />
            )}
            label={t(name)}
            leftSection={<Icon size={18} />}
            active={active}
            style={{ borderRadius: "var(--mantine-radius-md)" }}
          />
        );
      })}
    </nav>
  );
}
