import { Button, Group, NumberInput, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem, type FieldError } from "~/api/problem";
import { Dialog } from "~/ui/Dialog";
import { withoutChanged } from "./fieldErrors";
import { botQueries } from "./queries";
import { ResponseList } from "./ResponseList";
import type { Timer, TimerBody } from "./timer";
import { useErrorText } from "./useErrorText";
import { useSaveTimer } from "./useTimers";
import classes from "./Bot.module.css";

/** Variables that need somebody who has written a line. */
const OF_PEOPLE = new Set([
  "user",
  "login",
  "touser",
  "args",
  "arg",
  "followers",
  "fetch",
  "secret",
]);
const DAY_MINUTES = 1440;

/** Edits a timer, or makes one. */
export function TimerDialog({
  channelId,
  timer,
  initial,
  opened,
  onClose,
}: {
  channelId: string;
  /** Null: a new one. */
  timer: Timer | null;
  initial: TimerBody;
  opened: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation("bot");
  const { t: common } = useTranslation();
  const commands = useQuery(botQueries.commands(channelId));
  const [body, setBody] = useState(initial);
  const [told, setTold] = useState<FieldError[]>([]);
  const errorOf = useErrorText(told);
  const save = useSaveTimer(channelId);
  const patch = (change: Partial<TimerBody>) => {
    setBody((now) => ({ ...now, ...change }));
    setTold((now) => withoutChanged(now, change));
  };
  const submit = () =>
    save.mutate(
      { timer, body },
      {
        onSuccess: onClose,
        onError: (error) => setTold(error instanceof Problem ? error.fields : []),
      },
    );
  const variables = commands.data?.variables ?? [];
  return (
    <Dialog
      opened={opened}
      onClose={onClose}
      title={t(timer ? "timers.editTitle" : "timers.newTitle")}
      size="lg"
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="md">
          <TextInput
            label={t("timers.name")}
            value={body.name}
            onChange={(event) => patch({ name: event.currentTarget.value })}
            maxLength={50}
            error={errorOf("name")}
            data-autofocus
          />
          <ResponseList
            value={body.responses}
            onChange={(responses) => patch({ responses })}
            variables={variables.filter(({ name }) => !OF_PEOPLE.has(name))}
            errorOf={errorOf}
          />
          <div className={classes.fields}>
            <NumberInput
              label={t("timers.minutes")}
              description={t("timers.minutesAbout")}
              value={body.every_minutes}
              onChange={(minutes) => patch({ every_minutes: Math.round(Number(minutes) || 0) })}
              min={5}
              max={DAY_MINUTES}
              allowDecimal={false}
              error={errorOf("every_minutes")}
            />
            <NumberInput
              label={t("timers.lines")}
              description={t("timers.linesAbout")}
              value={body.min_lines}
              onChange={(lines) => patch({ min_lines: Math.round(Number(lines) || 0) })}
              min={0}
              max={1000}
              allowDecimal={false}
              error={errorOf("min_lines")}
            />
          </div>
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {common("cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {common("form.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
