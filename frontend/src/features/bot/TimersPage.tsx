import { Button, Group, Skeleton, Stack, Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconClock, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useKeys } from "~/shell/useKeys";
import { EmptyState } from "~/ui/EmptyState";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { Time } from "~/ui/Time";
import { botQueries } from "./queries";
import { TimerDialog } from "./TimerDialog";
import { bodyOf, newTimer, type Timer } from "./timer";
import { useChannelId } from "./useBotChannel";
import { useDeleteTimer, useSaveTimer } from "./useTimers";
import { ConfirmDialog } from "~/ui/ConfirmDialog";
import classes from "./Bot.module.css";

/** What is said every so often while the channel is live. */
export function TimersPage() {
  const { t } = useTranslation("bot");
  const channelId = useChannelId();
  const timers = useQuery(botQueries.timers(channelId));
  /** The one in the dialog: a timer, or a new one. */
  const [edited, setEdited] = useState<Timer | "new" | null>(null);
  const add = () => setEdited("new");
  useKeys({ n: add });
  return (
    <Page
      title={t("timers.title")}
      text={t("timers.text")}
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={add}>
          {t("timers.add")}
        </Button>
      }
    >
      <Loaded query={timers} skeleton={<Skeleton height={180} radius="md" />}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState
              icon={<IconClock size={40} />}
              title={t("timers.empty.title")}
              text={t("timers.empty.text")}
            />
          ) : (
            <ul className={classes.list} aria-label={t("timers.title")}>
              {all.map((timer) => (
                <Row
                  key={timer.id}
                  channelId={channelId}
                  timer={timer}
                  onEdit={() => setEdited(timer)}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      <TimerDialog
        key={edited === null || edited === "new" ? edited : edited.id}
        channelId={channelId}
        timer={edited === "new" ? null : edited}
        initial={edited === null || edited === "new" ? newTimer() : bodyOf(edited)}
        opened={edited !== null}
        onClose={() => setEdited(null)}
      />
    </Page>
  );
}

function Row({
  channelId,
  timer,
  onEdit,
}: {
  channelId: string;
  timer: Timer;
  onEdit: () => void;
}) {
  const { t } = useTranslation("bot");
  const save = useSaveTimer(channelId);
  const { name } = timer;
  return (
    <li>
      <Group justify="space-between" gap="sm" wrap="nowrap" align="flex-start">
        <Stack gap={2} miw={0}>
          <Text fw={600} className={classes.said}>
            {name}
          </Text>
          <Text size="sm" className={classes.said} dir="auto">
            {timer.responses[0]}
          </Text>
          <Text size="sm" c="dimmed" component="div">
            {t("timers.every", { count: timer.every_minutes })}
            {timer.min_lines > 0 && ` · ${t("timers.after", { count: timer.min_lines })}`}
            {timer.said_at != null && (
              <>
                {" · "}
                {t("timers.said")} <Time at={timer.said_at} />
              </>
            )}
          </Text>
          <Group gap="xs" mt={4}>
            <Button
              size="xs"
              variant="default"
              aria-label={t("timers.editNamed", { name })}
              onClick={onEdit}
            >
              {t("timers.edit")}
            </Button>
            <Delete channelId={channelId} timer={timer} />
          </Group>
        </Stack>
        <Switch
          size="md"
          aria-label={t("timers.switch", { name })}
          checked={timer.enabled}
          disabled={save.isPending}
          onChange={({ currentTarget: { checked } }) =>
            save.mutate({ timer, body: { ...bodyOf(timer), enabled: checked } })
          }
        />
      </Group>
    </li>
  );
}

function Delete({ channelId, timer }: { channelId: string; timer: Timer }) {
  const { t } = useTranslation("bot");
  const [asking, setAsking] = useState(false);
  const deleting = useDeleteTimer(channelId);
  const { name } = timer;
  return (
    <>
      <Button
        size="xs"
        variant="default"
        aria-label={t("timers.deleteNamed", { name })}
        onClick={() => setAsking(true)}
      >
        {t("timers.delete")}
      </Button>
      <ConfirmDialog
        opened={asking}
        title={t("timers.sure", { name })}
        action={t("timers.delete")}
        busy={deleting.isPending}
        error={deleting.error}
        onConfirm={() => deleting.mutate(timer)}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("timers.sureText")}</Text>
      </ConfirmDialog>
    </>
  );
}
