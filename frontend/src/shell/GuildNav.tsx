import { NavLink } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { queries } from "~/api/queries";
import { guildPages, memberPages } from "./guild-pages";

/** What Mantine draws a link by that leads to where one is. */
const ACTIVE = { "data-active": true } as const;

/** The pages of a server. */
export function GuildNav({ guildId }: { guildId: string }) {
  const { t } = useTranslation();
  const guilds = useQuery(queries.guilds);
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
          style={{ borderRadius: "var(--mantine-radius-md)" }}
        />
      ))}
    </nav>
  );
}
