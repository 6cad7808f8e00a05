import { Anchor, Button, Skeleton, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { IconHistory } from "@tabler/icons-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { FieldError as Told } from "~/api/problem";
import { queries } from "~/api/queries";
import { useMentionWarnings } from "~/guild/MentionField";
import { paths } from "~/paths";
import { sampleValues, type FieldError, type SampleKind } from "~/template-language";
import { DocumentBar } from "~/ui/DocumentBar";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { toast } from "~/ui/toast";
import { useDocument, type EditedDocument } from "~/ui/useDocument";
import type { Editing } from "./editing";
import { HistoryDialog } from "./HistoryDialog";
import { formOf, formQuery, saveTemplate, type TemplateForm } from "./saving";
import { PreviewCard } from "./PreviewCard";
import { useFormTest } from "./TestSend";
import classes from "./templates.module.css";

const MessageForm = lazy(() => import("./MessageForm"));

/** Edits a template beside what Discord will show. */
export function TemplatePage() {
  const { t } = useTranslation("templates");
  const { guildId, templateId } = useParams({ from: "/app/s/$guildId/templates/$templateId" });
  const client = useQueryClient();
  const inWords = useMentionWarnings();
  const query = useQuery(formQuery(guildId, templateId));
  const document = useDocument<TemplateForm>({
    id: `template:${templateId}`,
    query,
    save: async (form, etag) => {
      const saved = await saveTemplate(guildId, templateId, form, etag);
      for (const words of inWords(saved.value.warnings ?? []))
        toast({ message: words, warning: true });
      client.setQueryData(queries.template(guildId, templateId).queryKey, saved);
      return { value: formOf(saved.value), etag: saved.etag };
    },
    onSaved: () => {
      toast({ message: t("saved") });
      void client.invalidateQueries({ queryKey: queries.templates(guildId).queryKey, exact: true });
      void client.invalidateQueries({ queryKey: queries.overview(guildId).queryKey });
      void client.invalidateQueries({ queryKey: ["guild", guildId, "template-history"] });
    },
  });
  return (
    <Loaded query={query} skeleton={<EditorSkeleton />}>
      {() => document && <Editor key={templateId} document={document} />}
    </Loaded>
  );
}

function Editor({ document }: { document: EditedDocument<TemplateForm> }) {
  const { t } = useTranslation("templates");
  const { guildId, templateId } = useParams({ from: "/app/s/$guildId/templates/$templateId" });
  const templates = useQuery(queries.templates(guildId));
  const [history, historyDialog] = useDisclosure();
  const [kind, setKind] = useState<SampleKind>("live");
  const [now] = useState(() => new Date());
  const { value, patch } = document;
  const message = useMemo(
    () => ({ content: value.content, embed: value.embed }),
    [value.content, value.embed],
  );
  const test = useFormTest(guildId, message);
  const editing: Editing = {
    variables: templates.data?.variables ?? NO_VARIABLES,
    values: useMemo(() => sampleValues(kind, { now }).values, [kind, now]),
    told: useMemo(() => document.fieldErrors.map(known), [document.fieldErrors]),
    onSave: () => document.dirty && void document.save(),
    onTest: test.send,
  };
  const used = templates.data?.templates.find((template) => template.id === templateId);
  const nameError = document.fieldError("name")?.message;
  return (
    <Page
      title={document.base.name}
      text={
        used && (
          <>
            {t("usedBy", { count: used.used_by })}
            {used.is_default ? ` · ${t("isDefault")}` : ` · `}
            {!used.is_default && (
              <Anchor
                renderRoot={(props) => (
                  <Link to={paths.notifications} params={{ guildId }} {...props} />
                )}
              >
                {t("makeDefault")}
              </Anchor>
            )}
          </>
        )
      }
      actions={
        <Button
          variant="default"
          leftSection={<IconHistory size={16} />}
          onClick={historyDialog.open}
        >
          {t("history.title")}
        </Button>
      }
    >
      <div className={classes.editor}>
        <Suspense fallback={<Skeleton h={560} radius="md" />}>
          <MessageForm form={value} patch={patch} editing={editing} nameError={nameError} />
        </Suspense>
        <div className={classes.preview}>
          <PreviewCard
            guildId={guildId}
            message={message}
            kind={kind}
            onKind={setKind}
            test={test}
          />
        </div>
      </div>
      <DocumentBar
        document={document}
        words={{ label: (field) => t(`field.${field}`), show: showField }}
      />
      <HistoryDialog
        guildId={guildId}
        templateId={templateId}
        opened={history}
        onClose={historyDialog.close}
        onRestore={(old) => {
          patch(old);
          historyDialog.close();
        }}
      />
    </Page>
  );
}

const NO_VARIABLES: Editing["variables"] = [];

/** The API says `null` where there is no place. */
const known = ({ span, ...error }: Told): FieldError => (span ? { ...error, span } : error);

function showField(field: keyof TemplateForm, form: TemplateForm) {
  if (field === "embed") return form.embed ? form.embed.title || "…" : "–";
  return form[field];
}

function EditorSkeleton() {
  return (
    <Stack gap="lg">
      <Skeleton h={36} w={260} />
      <div className={classes.editor}>
        <Skeleton h={560} radius="md" />
        <Skeleton h={420} radius="md" />
      </div>
    </Stack>
  );
}
