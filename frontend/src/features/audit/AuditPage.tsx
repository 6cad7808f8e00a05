import { Button, Group, Paper, Skeleton, Stack, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { IconHistory } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import { EmptyState } from "~/ui/EmptyState";
import { LinkButton } from "~/ui/links";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { useRowKeys } from "~/shell/useRowKeys";
import { Entry } from "./Entry";
import { useNames } from "./useNames";
import classes from "./Audit.module.css";

/** Who changed what, and what was denied. */
export function AuditPage() {
  const { t } = useTranslation("audit");
  const { guildId } = useParams({ from: "/app/s/$guildId" });
  const log = useInfiniteQuery(queries.audit(guildId));
  const entries = log.data?.pages.flatMap((page) => page.items) ?? [];
  const names = useNames(guildId, entries);
  const list = useRef<HTMLOListElement>(null);
  useRowKeys(list);
  return (
    <Page title={t("title")} text={t("text")}>
      <Loaded query={log} skeleton={<Waiting />}>
        {() =>
          entries.length === 0 ? (
            <EmptyState
              icon={<IconHistory size={40} />}
              title={t("empty.title")}
              text={t("empty.text")}
              actions={
                <LinkButton to={paths.notifications} params={{ guildId }} variant="default">
                  {t("empty.action")}
                </LinkButton>
              }
            />
          ) : (
            <Stack gap="sm">
              <ol ref={list} className={classes.list} aria-label={t("title")}>
                {entries.map((entry) => (
                  <Entry key={entry.id} guildId={guildId} entry={entry} names={names} />
                ))}
              </ol>
              <More log={log} count={entries.length} />
            </Stack>
          )
        }
      </Loaded>
    </Page>
  );
}

function More({
  log,
  count,
}: {
  log: {
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    isFetchNextPageError: boolean;
    fetchNextPage: () => Promise<unknown>;
  };
  count: number;
}) {
  const { t } = useTranslation("audit");
  const common = useTranslation();
  return (
    <Group justify="center" gap="md" mt="xs">
      <Text size="sm" c="dimmed" aria-live="polite">
        {log.isFetchNextPageError
          ? t("moreFailed")
          : t(log.hasNextPage ? "shown" : "shownAll", { count })}
      </Text>
      {log.hasNextPage && (
        <Button
          variant="default"
          loading={log.isFetchingNextPage}
          onClick={() => void log.fetchNextPage()}
        >
          {common.t("loadMore")}
        </Button>
      )}
    </Group>
  );
}

function Waiting() {
  return (
    <Stack gap="sm">
      {Array.from({ length: 6 }, (_, row) => (
        <Paper key={row} className={classes.entry} p="md">
          <Skeleton height={20} width="55%" mb="sm" />
          <Skeleton height={14} width="30%" />
        </Paper>
      ))}
    </Stack>
  );
}
