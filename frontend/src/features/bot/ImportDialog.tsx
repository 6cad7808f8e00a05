import { Alert, Button, FileInput, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import {
  IconCircleCheck,
  IconCircleOff,
  IconFileImport,
  IconPlayerPause,
} from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { Dialog } from "~/ui/Dialog";
import { ProblemAlert } from "~/ui/ProblemCard";
import { Status } from "~/ui/Status";
import { toast } from "~/ui/toast";
import { useProblemWords } from "./problems";
import { botQueries } from "./queries";
import classes from "./Bot.module.css";

type Report = Schema["ImportReport"];

/** Brings commands in from another bot's file: first what would happen, then that. */
export default function ImportDialog({
  channelId,
  opened,
  onClose,
}: {
  channelId: string;
  opened: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation("bot");
  return (
    <Dialog opened={opened} onClose={onClose} title={t("import.title")} size="lg">
      {/* A dialog that is opened again begins anew. */}
      {opened && <Import channelId={channelId} onClose={onClose} />}
    </Dialog>
  );
}

function Import({ channelId, onClose }: { channelId: string; onClose: () => void }) {
  const { t } = useTranslation("bot");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const asking = useMutation({
    mutationFn: async ({ of, dry }: { of: File; dry: boolean }) =>
      ask(
        api.POST("/api/channels/{channel_id}/commands/import", {
          params: { path: { channel_id: channelId } },
          body: { file: await of.text(), dry_run: dry },
        }),
      ),
    onSuccess: (report, { dry }) => {
      if (dry) return;
      toast({ message: t("import.done", { count: report.added + report.disabled }) });
      void client.invalidateQueries({ queryKey: botQueries.commands(channelId).queryKey });
    },
  });
  const done = asking.isSuccess && !asking.variables.dry;
  const planned = asking.data !== undefined && !done;
  const coming = planned ? asking.data.added + asking.data.disabled : 0;
  return (
    <Stack gap="md">
      <Text size="sm">{t("import.text")}</Text>
      <FileInput
        label={t("import.file")}
        description={t("import.fileAbout")}
        placeholder={t("import.choose")}
        accept=".json,.yaml,.yml,.txt,application/json"
        leftSection={<IconFileImport size={16} />}
        clearable
        clearButtonProps={{ "aria-label": t("import.clear") }}
        value={file}
        onChange={(of) => {
          setFile(of);
          asking.reset();
          if (of) asking.mutate({ of, dry: true });
        }}
      />
      {asking.isError && <Refused error={asking.error} />}
      {asking.data && <ReportView report={asking.data} done={done} />}
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onClose}>
          {done ? common("close") : common("cancel")}
        </Button>
        {!done && (
          <Button
            disabled={!file || coming === 0}
            loading={asking.isPending}
            onClick={() => file && asking.mutate({ of: file, dry: false })}
          >
            {t("import.action", { count: coming })}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function Refused({ error }: { error: Error }) {
  const explain = useProblemWords();
  if (!(error instanceof Problem)) return <Alert color="red">{error.message}</Alert>;
  if (error.fields.length === 0) return <ProblemAlert problem={error} />;
  return (
    <Alert color="red" role="alert">
      {error.fields.map(explain).join(" ")}
    </Alert>
  );
}

const LOOKS = {
  added: { icon: IconCircleCheck, color: "green" },
  disabled: { icon: IconPlayerPause, color: "orange" },
  skipped: { icon: IconCircleOff, color: "gray" },
} as const;

function ReportView({ report, done }: { report: Report; done: boolean }) {
  const { t } = useTranslation("bot");
  return (
    <Stack gap="xs">
      <Text fw={600} role="status">
        {t(done ? "import.was" : "import.would", {
          added: report.added,
          disabled: report.disabled,
          skipped: report.skipped,
        })}
      </Text>
      <ul className={classes.list} aria-label={t("import.report")}>
        {report.rows.map((row, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- a file may have a name twice
          <li key={at}>
            <Row row={row} />
          </li>
        ))}
      </ul>
    </Stack>
  );
}

function Name({ row }: { row: Report["rows"][number] }) {
  const { t } = useTranslation("bot");
  switch (row.kind) {
    case "quote":
      return t("import.quote", { number: row.name });
    case "timer":
      return t("import.timer", { name: row.name });
    default:
      return row.name;
  }
}

function Row({ row }: { row: Report["rows"][number] }) {
  const { t } = useTranslation("bot");
  const outcome = row.outcome === "added" || row.outcome === "disabled" ? row.outcome : "skipped";
  const { icon: Icon, color } = LOOKS[outcome];
  return (
    <>
      <Group gap="xs">
        <Text component="span" fw={600} className={classes.said}>
          <Name row={row} />
        </Text>
        <Status icon={<Icon size={14} />} color={color}>
          {t(`import.outcome.${outcome}`)}
        </Status>
      </Group>
      {row.notes.map((note) => (
        // The API's own words: there are too many of them to say them twice.
        <Text key={note} size="sm" c="dimmed" lang="en">
          {note}
        </Text>
      ))}
    </>
  );
}
