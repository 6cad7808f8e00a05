import { Switch, Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { RemoteImage } from "~/ui/RemoteImage";
import classes from "./GuildChoices.module.css";
import { StreamerChoices } from "./StreamerChoices";
import { Unheeded } from "./Unheeded";
import { useChooseGuild } from "./useChoose";

type Guild = Schema["GuildPreferenceItem"];

/** A server: one switch for all of it, and its streamers behind a button. */
export function GuildChoices({
  guild,
  opened,
  onToggle,
}: {
  guild: Guild;
  opened: boolean;
  onToggle: (open: boolean) => void;
}) {
  const { t } = useTranslation("account");
  const choose = useChooseGuild(guild);
  // Pings were turned off for all, and Discord cannot heed it everywhere. The list has a word of its own.
  const unheeded = guild.wants_ping === false && !guild.honoured && !opened;
  const body = `streamers-${guild.guild_id}`;
  return (
    <section className={classes.card} aria-label={guild.guild_name}>
      <div className={classes.head}>
        <UnstyledButton
          className={classes.name}
          aria-expanded={opened}
          aria-controls={opened ? body : undefined}
          onClick={() => onToggle(!opened)}
        >
          <IconChevronDown size={18} aria-hidden className={classes.chevron} data-opened={opened} />
          <RemoteImage src={guild.icon_url} name={guild.guild_name} size={40} round={false} />
          <span className={classes.words}>
            <Text component="span" fw={600}>
              {guild.guild_name}
            </Text>
            <Text component="span" size="sm" c="dimmed">
              {t("pings.streamers", { count: guild.streamers })}
              {guild.opted_out > 0 && ` · ${t("pings.optedOut", { count: guild.opted_out })}`}
            </Text>
          </span>
        </UnstyledButton>
        <Switch
          size="md"
          label={t(guild.wants_ping ? "pings.on" : "pings.off")}
          aria-label={t("pings.server", { name: guild.guild_name })}
          checked={guild.wants_ping ?? false}
          onChange={(event) => choose(event.currentTarget.checked)}
          classNames={{ root: classes.switch }}
        />
      </div>
      {unheeded && <Unheeded />}
      {opened && (
        <div id={body} className={classes.body}>
          <StreamerChoices guild={guild} />
        </div>
      )}
    </section>
  );
}
