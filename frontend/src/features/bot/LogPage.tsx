import { Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconMessages } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "~/ui/EmptyState";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { useNow } from "~/ui/Time";
import { useFailureToast } from "~/ui/toast";
import { Deletions } from "./Deletions";
import { LineRow } from "./LineRow";
import { addEarlier, type Lines } from "./lines";
import { askLines, botQueries } from "./queries";
import { useChannelId } from "./useBotChannel";
import classes from "./Bot.module.css";

/** What the bot has said, is about to say and has not said, the newest first. */
export function LogPage() {
  const { t } = useTranslation("bot");
  const channelId = useChannelId();
  const lines = useQuery(botQueries.lines(channelId));
  return (
    <Page title={t("log.title")} text={t("log.text")}>
      <Loaded query={lines} skeleton={<Waiting />}>
        {(all) =>
          all.items.length === 0 ? (
            <EmptyState
              icon={<IconMessages size={40} />}
              title={t("log.empty.title")}
              text={t("log.empty.text")}
            />
          ) : (
            <Log channelId={channelId} lines={all} />
          )
        }
      </Loaded>
      <Deletions channelId={channelId} />
    </Page>
  );
}

function Log({ channelId, lines }: { channelId: string; lines: Lines }) {
  const { t } = useTranslation("bot");
  const now = useNow();
  const commands = useQuery(botQueries.commands(channelId));
  const names = new Map(commands.data?.commands.map(({ id, name }) => [id, name]));
  return (
    <Stack gap="sm">
      <ol className={classes.list} aria-label={t("log.title")}>
        {lines.items.map((line) => (
          <LineRow
            key={line.line_id}
            channelId={channelId}
            line={line}
            now={now}
            command={line.command_id == null ? undefined : names.get(line.command_id)}
          />
        ))}
      </ol>
      <Earlier channelId={channelId} lines={lines} />
    </Stack>
  );
}

function Earlier({ channelId, lines }: { channelId: string; lines: Lines }) {
  const { t } = useTranslation("bot");
  const client = useQueryClient();
  const failed = useFailureToast();
  const earlier = useMutation({
    mutationFn: (before: string) => askLines(channelId, before),
    onSuccess: (page) => {
      const { queryKey } = botQueries.lines(channelId);
      client.setQueryData<Lines>(queryKey, (known) => known && addEarlier(known, page));
    },
    onError: (error) => failed(error),
  });
  const { next } = lines;
  return (
    <Group justify="center" gap="md">
      <Text size="sm" c="dimmed" role="status">
        {t(next == null ? "log.shownAll" : "log.shown", { count: lines.items.length })}
      </Text>
      {next != null && (
        <Button variant="default" loading={earlier.isPending} onClick={() => earlier.mutate(next)}>
          {t("log.earlier")}
        </Button>
      )}
    </Group>
  );
}

function Waiting() {
  return (
    <Stack gap="sm">
      {[1, 2, 3, 4, 5].map((row) => (
        <Skeleton key={row} height={58} radius="md" />
      ))}
    </Stack>
  );
}
