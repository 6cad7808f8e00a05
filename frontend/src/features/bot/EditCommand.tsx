import { Skeleton, Text } from "@mantine/core";
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { api, askTagged, type Schema, type Tagged } from "~/api/client";
import { paths } from "~/paths";
import { DocumentBar } from "~/ui/DocumentBar";
import { LinkButton } from "~/ui/links";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { Time } from "~/ui/Time";
import { toast } from "~/ui/toast";
import { useDocument, type EditedDocument } from "~/ui/useDocument";
import { categoriesOf, formOf, type CommandForm } from "./command";
import { DeleteCommand } from "./DeleteCommand";
import { DryRun } from "./DryRun";
import { useProblemWords } from "./problems";
import { botQueries } from "./queries";
import { useErrorText } from "./useErrorText";
import classes from "./Bot.module.css";

const CommandFields = lazy(() => import("./CommandFields"));

interface Which {
  channelId: string;
  commandId: string;
}

const tagged = ({ value, etag }: Tagged<Schema["CommandView"]>): Tagged<CommandForm> => ({
  value: formOf(value),
  etag,
});

const formQuery = ({ channelId, commandId }: Which) =>
  queryOptions({ ...botQueries.command(channelId, commandId), select: tagged });

/** Edits a command beside a place to try it out. */
export function EditCommand(which: Which) {
  const { t } = useTranslation("bot");
  const { channelId, commandId } = which;
  const client = useQueryClient();
  const query = useQuery(formQuery(which));
  const document = useDocument<CommandForm>({
    id: `bot-command:${commandId}`,
    query,
    save: async (form, etag) => {
      const saved = await askTagged(
        api.PUT("/api/channels/{channel_id}/commands/{command}", {
          params: {
            path: { channel_id: channelId, command: commandId },
            header: { "If-Match": etag },
          },
          body: form,
        }),
      );
      client.setQueryData(botQueries.command(channelId, commandId).queryKey, saved);
      return tagged(saved);
    },
    onSaved: () => {
      toast({ message: t("saved") });
      const { queryKey } = botQueries.commands(channelId);
      void client.invalidateQueries({ queryKey, exact: true });
    },
  });
  return (
    <Loaded query={query} skeleton={<Skeleton height={560} radius="md" />}>
      {() => document && <Editor which={which} document={document} />}
    </Loaded>
  );
}

function Editor({ which, document }: { which: Which; document: EditedDocument<CommandForm> }) {
  const { t } = useTranslation("bot");
  const { channelId, commandId } = which;
  const commands = useQuery(botQueries.commands(channelId));
  const { data } = useQuery(botQueries.command(channelId, commandId));
  const settings = useQuery(botQueries.settings(channelId));
  const errorOf = useErrorText(document.fieldErrors);
  const explain = useProblemWords();
  const prefix = settings.data?.value.prefix ?? "!";
  return (
    <Page
      title={document.base.name}
      text={
        data && (
          <>
            {t("commands.uses", { count: data.value.uses })}
            {data.value.used_at != null && (
              <>
                {" · "}
                {t("commands.usedLast")} <Time at={data.value.used_at} />
              </>
            )}
          </>
        )
      }
      actions={
        <>
          <LinkButton to={paths.botCommands} params={{ channelId }} variant="default">
            {t("command.all")}
          </LinkButton>
          <DeleteCommand {...which} name={document.base.name} onDelete={document.discard} />
        </>
      }
    >
      <div className={classes.editor}>
        <Suspense fallback={<Skeleton height={560} radius="md" />}>
          <CommandFields
            form={document.value}
            patch={document.patch}
            errorOf={errorOf}
            variables={commands.data?.variables ?? []}
            categories={categoriesOf(commands.data?.commands ?? [])}
          />
        </Suspense>
        <div className={classes.beside}>
          <DryRun
            key={prefix + document.base.name}
            channelId={channelId}
            suggestion={prefix + document.base.name}
          />
          {document.dirty && (
            <Text size="sm" c="dimmed" mt="xs">
              {t("dryRun.unsaved")}
            </Text>
          )}
        </div>
      </div>
      <DocumentBar
        document={document}
        words={{ label: (field) => t(`command.field.${field}`), show: shown, explain }}
      />
    </Page>
  );
}

function shown(field: keyof CommandForm, form: CommandForm): string {
  const value = form[field];
  if (Array.isArray(value)) return value.join(" · ") || "–";
  if (typeof value === "boolean") return value ? "✓" : "✗";
  return String(value ?? "") || "–";
}
