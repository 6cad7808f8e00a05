import { Button, SegmentedControl, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconAlertTriangle, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { Loaded } from "~/ui/Loaded";
import classes from "./GuildChoices.module.css";
import { choiceOf, wantsOf } from "./choice";
import { Unheeded } from "./Unheeded";
import { useChooseStreamer } from "./useChoose";

/** From here on a list is searched rather than read. */
const MANY = 15;
const PAUSE_MS = 300;

/** The streamers of a server, each with a choice of one's own. */
export function StreamerChoices({ guild }: { guild: Schema["GuildPreferenceItem"] }) {
  const { t } = useTranslation("account");
  const { t: common } = useTranslation();
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const streamers = useInfiniteQuery(queries.guildPreferences(guild.guild_id, q));
  const choose = useChooseStreamer(guild, q);
  if (guild.streamers === 0) return <Text c="dimmed">{t("pings.noStreamers")}</Text>;
  return (
    <Stack gap="sm">
      {guild.streamers > MANY && (
        <TextInput
          aria-label={t("pings.search")}
          placeholder={t("pings.search")}
          maxLength={100}
          value={typed}
          leftSection={<IconSearch size={16} />}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      <Loaded query={streamers} skeleton={<Waiting rows={Math.min(guild.streamers, 8)} />}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <Text c="dimmed" role="status">
              {common("nothingFound")}
            </Text>
          ) : (
            <>
              {items.some((item) => !item.honoured) && <Unheeded />}
              <ul className={classes.streamers}>
                {items.map((item) => (
                  <Row
                    key={item.streamer_id}
                    item={item}
                    server={guild.wants_ping ?? false}
                    onChoose={(wants) => choose(item, wants)}
                  />
                ))}
              </ul>
            </>
          );
        }}
      </Loaded>
      {streamers.hasNextPage && (
        <Button
          variant="default"
          loading={streamers.isFetchingNextPage}
          onClick={() => void streamers.fetchNextPage()}
        >
          {common("loadMore")}
        </Button>
      )}
    </Stack>
  );
}

function Row({
  item,
  server,
  onChoose,
}: {
  item: Schema["PreferenceItem"];
  server: boolean;
  onChoose: (wants: boolean | null) => void;
}) {
  const { t } = useTranslation("account");
  return (
    <li className={classes.streamer}>
      <div className={classes.words}>
        <Text fw={600}>{item.display_name}</Text>
        <MentionNote item={item} />
      </div>
      <SegmentedControl
        aria-label={t("pings.choice.label", { name: item.display_name })}
        size="xs"
        value={choiceOf(item.wants_ping)}
        onChange={(choice) => onChoose(wantsOf(choice))}
        data={[
          {
            value: "server",
            label: t(server ? "pings.choice.serverOn" : "pings.choice.serverOff"),
          },
          { value: "ping", label: t("pings.choice.ping") },
          { value: "mute", label: t("pings.choice.mute") },
        ]}
      />
    </li>
  );
}

/** Whom announcements ping anyway, where a choice has no effect. */
function MentionNote({ item }: { item: Schema["PreferenceItem"] }) {
  const { t } = useTranslation("account");
  const mention = ["role", "everyone", "here", "none"].find((each) => each === item.mention);
  if (!mention) return null;
  return (
    <Text size="sm" c={item.honoured ? "dimmed" : "var(--mantine-color-yellow-text)"}>
      {!item.honoured && <IconAlertTriangle size={14} aria-hidden className={classes.warning} />}
      {t(`pings.mention.${mention as "role" | "everyone" | "here" | "none"}`)}
    </Text>
  );
}

function Waiting({ rows }: { rows: number }) {
  return (
    <Stack gap="sm">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={44} />
      ))}
    </Stack>
  );
}
