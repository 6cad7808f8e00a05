import { Badge, Checkbox, Group, Switch, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { paths } from "~/paths";
import { Time } from "~/ui/Time";
import type { Command } from "./command";
import { levelOf } from "./levels";
import classes from "./Bot.module.css";

/** A command in the table. */
export function CommandRow({
  channelId,
  command,
  selected,
  onSelect,
  onSwitch,
}: {
  channelId: string;
  command: Command;
  selected: boolean;
  onSelect: () => void;
  onSwitch: (enabled: boolean) => void;
}) {
  const { t } = useTranslation("bot");
  const { name, uses } = command;
  const aliases = command.aliases ?? [];
  return (
    <li className={classes.command} data-selected={selected || undefined}>
      <Checkbox
        aria-label={t("commands.select", { name })}
        checked={selected}
        onChange={onSelect}
      />
      <div style={{ minWidth: 0 }}>
        <Group gap="xs">
          <Link
            to={paths.botCommand}
            params={{ channelId, commandId: command.id }}
            className={classes.link}
          >
            {name}
          </Link>
          {aliases.length > 0 && (
            <Text size="sm" c="dimmed" component="span">
              {aliases.join(", ")}
            </Text>
          )}
          {command.category !== "" && (
            <Badge variant="light" color="gray" tt="none">
              {command.category}
            </Badge>
          )}
        </Group>
        <Text size="sm" c="dimmed" className={classes.answer} dir="auto">
          {command.responses[0]}
        </Text>
      </div>
      <Text size="sm">{t(`levels.${levelOf(command.level)}`)}</Text>
      <Text size="sm" c="dimmed" component="div">
        {t("commands.uses", { count: uses })}
        {command.used_at != null && (
          <>
            {" · "}
            <Time at={command.used_at} />
          </>
        )}
      </Text>
      <Switch
        size="md"
        aria-label={t("commands.switch", { name })}
        checked={command.enabled ?? true}
        onChange={(event) => onSwitch(event.currentTarget.checked)}
      />
    </li>
  );
}
