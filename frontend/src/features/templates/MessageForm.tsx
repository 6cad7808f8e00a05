import { Stack, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { TemplateEditors, TemplateToolbar } from "~/template-editor";
import { emptyEmbed, type EmbedTemplate } from "~/template-language";
import { Card } from "~/ui/Card";
import { EditingContext, type Editing } from "./editing";
import { EmbedForm } from "./EmbedForm";
import type { TemplateForm } from "./saving";
import { SourceField } from "./SourceField";

/** The texts of a template; with its editor it is loaded after the preview. */
export default function MessageForm({
  form,
  patch,
  editing,
  nameError,
}: {
  form: TemplateForm;
  patch: (change: Partial<TemplateForm>) => void;
  editing: Editing;
  nameError: string | undefined;
}) {
  const { t } = useTranslation("templates");
  return (
    <EditingContext value={editing}>
      <TemplateEditors>
        <Stack gap="md">
          <Card>
            <Stack gap="md">
              <TextInput
                label={t("name")}
                value={form.name}
                onChange={(event) => patch({ name: event.currentTarget.value })}
                maxLength={100}
                error={nameError}
              />
              <TemplateToolbar variables={editing.variables} values={editing.values} />
              <SourceField
                field="message.content"
                kind="content"
                label={t("content")}
                value={form.content}
                onChange={(content) => patch({ content })}
                multiline
              />
            </Stack>
          </Card>
          <EmbedCard embed={form.embed} onChange={(embed) => patch({ embed })} />
        </Stack>
      </TemplateEditors>
    </EditingContext>
  );
}

function EmbedCard({
  embed,
  onChange,
}: {
  embed: EmbedTemplate | null;
  onChange: (embed: EmbedTemplate | null) => void;
}) {
  const { t } = useTranslation("templates");
  // Switched off and on again, an embed is what it was.
  const [last, setLast] = useState<EmbedTemplate | null>(embed);
  const toggle = (on: boolean) => {
    if (!on) setLast(embed);
    onChange(on ? (last ?? emptyEmbed()) : null);
  };
  return (
    <Card>
      <Stack gap="md">
        <Switch
          label={t("embed.on")}
          description={t("embed.about")}
          checked={embed !== null}
          onChange={(event) => toggle(event.currentTarget.checked)}
        />
        {embed && <EmbedForm embed={embed} onChange={onChange} />}
      </Stack>
    </Card>
  );
}
