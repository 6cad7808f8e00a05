import { Button, Group, Paper, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { Dialog } from "~/ui/Dialog";
import { EmptyState } from "~/ui/EmptyState";
import { Loaded } from "~/ui/Loaded";
import { Time } from "~/ui/Time";
import { IconHistory } from "@tabler/icons-react";
import { MessagePreview } from "./MessagePreview";
import { formOf, type TemplateForm } from "./saving";

const SHOWN = 30;

/** Earlier versions of a template; one of them can be put back into the form. */
export function HistoryDialog({
  guildId,
  templateId,
  opened,
  onClose,
  onRestore,
}: {
  guildId: string;
  templateId: string;
  opened: boolean;
  onClose: () => void;
  onRestore: (form: TemplateForm) => void;
}) {
  const { t } = useTranslation("templates");
  const history = useQuery({
    queryKey: ["guild", guildId, "template-history", templateId],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/guilds/{guild_id}/audit", {
          params: {
            path: { guild_id: guildId },
            query: { target: templateId, limit: SHOWN },
          },
          signal,
        }),
      ),
    enabled: opened,
  });
  return (
    <Dialog opened={opened} onClose={onClose} title={t("history.title")} size="lg">
      <Loaded query={history} skeleton={<Skeleton h={240} />}>
        {({ items }) => {
          const versions = items.filter((item) => formOfEntry(item) !== null);
          if (versions.length === 0) {
            return (
              <EmptyState
                icon={<IconHistory size={32} />}
                title={t("history.none")}
                text={t("history.noneText")}
              />
            );
          }
          return (
            <Stack gap="sm">
              {versions.map((entry, at) => (
                <Version key={entry.id} entry={entry} current={at === 0} onRestore={onRestore} />
              ))}
            </Stack>
          );
        }}
      </Loaded>
    </Dialog>
  );
}

function Version({
  entry,
  current,
  onRestore,
}: {
  entry: Schema["AuditItem"];
  current: boolean;
  onRestore: (form: TemplateForm) => void;
}) {
  const { t } = useTranslation("templates");
  const [shown, setShown] = useState(false);
  const form = formOfEntry(entry);
  if (!form) return null;
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" gap="sm">
        <div>
          <Text fw={600}>
            {form.name}
            {current && ` · ${t("history.current")}`}
          </Text>
          <Text size="sm" c="dimmed">
            {t("history.by", { name: entry.actor_name ?? t("history.somebody") })}{" "}
            <Time at={entry.at} />
          </Text>
        </div>
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            aria-expanded={shown}
            onClick={() => setShown(!shown)}
          >
            {t(shown ? "history.hide" : "history.show")}
          </Button>
          {!current && (
            <Button size="xs" onClick={() => onRestore(form)}>
              {t("history.restore")}
            </Button>
          )}
        </Group>
      </Group>
      {shown && (
        <div style={{ marginTop: 12 }}>
          <MessagePreview message={form} />
        </div>
      )}
    </Paper>
  );
}

/** The template as an entry of the audit log left it. */
function formOfEntry(entry: Schema["AuditItem"]): TemplateForm | null {
  const after = entry.after as { name?: unknown; message?: unknown } | null | undefined;
  if (!after || typeof after.name !== "string" || !after.message) return null;
  return formOf({ name: after.name, message: after.message });
}
