import { Button, Menu, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconSelector } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import { RemoteImage } from "~/ui/RemoteImage";

const SHOWN = 12;

/** The server that is being set up, and the way to another. */
export function ServerSwitcher({ guildId }: { guildId: string | undefined }) {
  const { t } = useTranslation();
  const guilds = useQuery(queries.guilds);
  const ready = guilds.data?.ready ?? [];
  const known = [...ready, ...(guilds.data?.no_permission ?? [])];
  const current = known.find((guild) => guild.id === guildId);
  return (
    <Menu position="bottom-start" width={260} shadow="md">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          px="xs"
          miw={0}
          rightSection={<IconSelector size={16} />}
          leftSection={
            current && (
              <RemoteImage src={current.icon_url} name={current.name} size={22} round={false} />
            )
          }
          aria-label={t("servers.switch", { name: current?.name ?? "" })}
        >
          <Text component="span" fw={600} truncate c="var(--mantine-color-text)" maw={180}>
            {current?.name ?? t("servers.choose")}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {ready.slice(0, SHOWN).map((guild) => (
          <Menu.Item
            key={guild.id}
            component={Link}
            to={paths.server.replace("$guildId", guild.id)}
            leftSection={
              <RemoteImage src={guild.icon_url} name={guild.name} size={22} round={false} />
            }
          >
            {guild.name}
          </Menu.Item>
        ))}
        {ready.length > 0 && <Menu.Divider />}
        <Menu.Item component={Link} to={paths.servers}>
          {t("servers.all")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
