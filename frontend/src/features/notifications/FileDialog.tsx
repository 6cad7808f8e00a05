import { Alert, Button, Checkbox, Code, FileInput, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconFileImport, IconMinus, IconPencil, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { Dialog } from "~/ui/Dialog";
import { ProblemAlert } from "~/ui/ProblemCard";
import { Status } from "~/ui/Status";
import { toast } from "~/ui/toast";
import classes from "./FileDialog.module.css";

type Change = Schema["Change"];

/** What is asked of the API: a comparison, or with what that said of its origin, the real thing. */
interface Asked {
  file: string;
  removeOthers: boolean;
  madeFrom?: string;
}

/** Takes a configuration from a file: first what would change, then that. */
export default function FileDialog({
  guildId,
  opened,
  onClose,
}: {
  guildId: string;
  opened: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation("notifications");
  return (
    <Dialog opened={opened} onClose={onClose} title={t("file.dialog")} size="lg">
      <Import guildId={guildId} onClose={onClose} />
    </Dialog>
  );
}

function useImport(guildId: string, onApplied: () => void) {
  const { t } = useTranslation("notifications");
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ file, removeOthers, madeFrom }: Asked) =>
      ask(
        api.POST("/api/guilds/{guild_id}/import", {
          params: { path: { guild_id: guildId } },
          body: { file, remove_others: removeOthers, made_from: madeFrom ?? null },
        }),
      ),
    onSuccess: ({ applied, changes }) => {
      if (!applied) return;
      toast({ message: t("file.done", { count: changes.length }) });
      // It may have changed anything of the server's.
      void client.invalidateQueries();
      onApplied();
    },
  });
}

function Import({ guildId, onClose }: { guildId: string; onClose: () => void }) {
  const { t } = useTranslation("notifications");
  const { t: common } = useTranslation();
  const [file, setFile] = useState<File | null>(null);
  const [text, setText] = useState<string>();
  const [removeOthers, setRemoveOthers] = useState(false);
  const asking = useImport(guildId, onClose);
  const compare = (of: string, others: boolean) =>
    asking.mutate({ file: of, removeOthers: others });
  const found = asking.data;
  return (
    <Stack gap="md">
      <Text size="sm">{t("file.about")}</Text>
      <FileInput
        label={t("file.label")}
        placeholder={t("file.choose")}
        accept=".yaml,.yml,application/yaml,text/yaml"
        leftSection={<IconFileImport size={16} />}
        clearable
        clearButtonProps={{ "aria-label": t("file.clear") }}
        value={file}
        onChange={(of) => {
          setFile(of);
          setText(undefined);
          asking.reset();
          void of?.text().then((read) => {
            setText(read);
            compare(read, removeOthers);
          });
        }}
      />
      <Checkbox
        label={t("file.removeOthers")}
        description={t("file.removeOthersAbout")}
        checked={removeOthers}
        onChange={(event) => {
          setRemoveOthers(event.currentTarget.checked);
          if (text !== undefined) compare(text, event.currentTarget.checked);
        }}
      />
      {asking.isError && <Refused error={asking.error} />}
      {found && <Changes changes={found.changes} kept={found.kept} />}
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onClose}>
          {common("cancel")}
        </Button>
        <Button
          disabled={text === undefined || !found || found.changes.length === 0}
          loading={asking.isPending}
          onClick={() => {
            if (text !== undefined && found)
              asking.mutate({ file: text, removeOthers, madeFrom: found.made_from });
          }}
        >
          {t("file.apply")}
        </Button>
      </Group>
    </Stack>
  );
}

function Refused({ error }: { error: Error }) {
  const { t } = useTranslation("notifications");
  if (!(error instanceof Problem)) return <Alert color="red">{error.message}</Alert>;
  if (error.code === "conflict") {
    return (
      <Alert color="orange" role="alert">
        {t("file.conflict")}
      </Alert>
    );
  }
  if (error.fields.length === 0) return <ProblemAlert problem={error} />;
  return (
    <Alert color="red" role="alert" title={t("file.wrong")}>
      <ul className={classes.list}>
        {error.fields.map(({ field, message }) => (
          <li key={`${field} ${message}`}>
            <Code>{field}</Code> <span lang="en">{message}</span>
          </li>
        ))}
      </ul>
    </Alert>
  );
}

const LOOKS = {
  added: { icon: IconPlus, color: "green" },
  changed: { icon: IconPencil, color: "blue" },
  removed: { icon: IconMinus, color: "red" },
} as const;

function Changes({ changes, kept }: { changes: Change[]; kept: number }) {
  const { t } = useTranslation("notifications");
  return (
    <Stack gap="xs">
      <Text fw={600} role="status">
        {changes.length === 0 ? t("file.same") : t("file.would", { count: changes.length })}
      </Text>
      <ul className={classes.list} aria-label={t("file.changes")}>
        {changes.map((change) => (
          <li key={`${change.part} ${change.name ?? ""}`}>
            <ChangeView change={change} />
          </li>
        ))}
      </ul>
      {kept > 0 && (
        <Text size="sm" c="dimmed">
          {t("file.kept", { count: kept })}
        </Text>
      )}
    </Stack>
  );
}

function ChangeView({ change }: { change: Change }) {
  const { t } = useTranslation("notifications");
  const { icon: Icon, color } = LOOKS[change.kind];
  const shown = (value: unknown) => (value === null ? t("file.nothing") : JSON.stringify(value));
  return (
    <>
      <Group gap="xs">
        <Text component="span" fw={600}>
          {t(`file.part.${change.part}`, { name: change.name ?? "" })}
        </Text>
        <Status icon={<Icon size={14} />} color={color}>
          {t(`file.kind.${change.kind}`)}
        </Status>
      </Group>
      {change.fields.map(({ field, before, after }) => (
        <Text key={field} size="sm" className={classes.field}>
          <Code>{field}</Code>: {t("file.fromTo", { from: shown(before), to: shown(after) })}
        </Text>
      ))}
    </>
  );
}
