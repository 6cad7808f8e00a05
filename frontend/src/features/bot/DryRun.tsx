import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { IconTestPipe } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { Card } from "~/ui/Card";
import { ProblemAlert } from "~/ui/ProblemCard";
import { LevelSelect } from "./LevelSelect";
import { levelOf, type Level } from "./levels";
import classes from "./Bot.module.css";
import type texts from "./locale/en.json";

type Told = Schema["DryRunView"];

/** Tries a line out: which command it calls, and what would be said. */
export function DryRun({ channelId, suggestion = "" }: { channelId: string; suggestion?: string }) {
  const { t } = useTranslation("bot");
  const [text, setText] = useState(suggestion);
  const [level, setLevel] = useState<Level>("everyone");
  const run = useMutation({
    mutationFn: () =>
      ask(
        api.POST("/api/channels/{channel_id}/commands/dry-run", {
          params: { path: { channel_id: channelId } },
          body: { text, level, name: t("dryRun.viewer") },
        }),
      ),
  });
  return (
    <Card title={t("dryRun.title")}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t("dryRun.text")}
        </Text>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            run.mutate();
          }}
        >
          <Group align="flex-end" gap="sm">
            <TextInput
              label={t("dryRun.line")}
              placeholder="!hello @ana"
              value={text}
              maxLength={500}
              dir="auto"
              onChange={(event) => setText(event.currentTarget.value)}
              className={classes.filter}
            />
            <LevelSelect label={t("dryRun.role")} value={level} onChange={setLevel} />
            <Button
              type="submit"
              variant="default"
              loading={run.isPending}
              leftSection={<IconTestPipe size={16} />}
            >
              {t("dryRun.button")}
            </Button>
          </Group>
        </form>
        {run.error instanceof Problem && <ProblemAlert problem={run.error} />}
        <div role="status" aria-label={t("dryRun.result")}>
          {run.data && <Result told={run.data} />}
        </div>
      </Stack>
    </Card>
  );
}

function Result({ told }: { told: Told }) {
  const { t } = useTranslation("bot");
  const silence = told.silence as keyof (typeof texts)["silence"] | null | undefined;
  return (
    <Stack gap="xs">
      {told.command != null && (
        <Text size="sm">{t("dryRun.calls", { command: told.command })}</Text>
      )}
      {silence != null && (
        <Text size="sm" fw={600}>
          {t(`silence.${silence}`, {
            defaultValue: silence,
            level: t(`levels.${levelOf(told.needed)}`),
          })}
        </Text>
      )}
      {told.changes && <Text size="sm">{t("dryRun.changes")}</Text>}
      {told.lines.length > 0 && (
        <>
          <Text size="sm" c="dimmed">
            {t(told.reply ? "dryRun.replies" : "dryRun.says", { count: told.lines.length })}
          </Text>
          {told.lines.map((line, place) => (
            // oxlint-disable-next-line react/no-array-index-key -- two may be the same, and none moves
            <Text key={place} className={classes.said} dir="auto">
              {line}
            </Text>
          ))}
        </>
      )}
    </Stack>
  );
}
