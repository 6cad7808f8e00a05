import { Alert, Button, Group, Radio, Stack, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import type { MessageTemplate } from "~/template-language";
import { Dialog } from "~/ui/Dialog";
import { ProblemAlert } from "~/ui/ProblemCard";
import { translated } from "./foreign";
import { MessagePreview } from "./MessagePreview";
import { PRESETS, presets, type Preset } from "./presets";
import { createTemplate } from "./saving";

type Start = Preset | "ours" | "foreign";

/** Names a new template and chooses what it begins as. */
export function NewTemplateDialog({
  guildId,
  ours,
  taken,
  opened,
  onClose,
}: {
  guildId: string;
  ours: MessageTemplate;
  taken: string[];
  opened: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation("templates");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [start, setStart] = useState<Start>("ours");
  const [tried, setTried] = useState(false);
  const [theirs, setTheirs] = useState("");
  const foreign = translated(theirs);
  const message =
    start === "ours"
      ? ours
      : start === "foreign"
        ? { content: foreign.text, embed: ours.embed }
        : presets[start];
  const create = useMutation({
    mutationFn: () => createTemplate(guildId, name.trim(), message),
    onSuccess: async (made) => {
      void client.invalidateQueries({ queryKey: queries.templates(guildId).queryKey });
      await navigate({ to: paths.template, params: { guildId, templateId: made.id } });
    },
  });
  const problem = create.error instanceof Problem ? create.error : null;
  const told = problem?.fields.find((error) => error.field === "name");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (name.trim() !== "" && !taken.includes(name.trim())) create.mutate();
  };
  const missing = tried && name.trim() === "" ? t("nameMissing") : undefined;
  const double = taken.includes(name.trim()) ? t("nameTaken") : undefined;
  return (
    <Dialog opened={opened} onClose={onClose} title={t("new")} size="lg">
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label={t("name")}
            placeholder={t("namePlaceholder")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={100}
            error={missing ?? double ?? told?.message}
            data-autofocus
          />
          <Radio.Group label={t("start")} value={start} onChange={(value) => setStart(value)}>
            <Stack gap="xs" mt="xs">
              {(["ours", ...PRESETS, "foreign"] as const).map((each) => (
                <Radio
                  key={each}
                  value={each}
                  label={t(`preset.${each}.name`)}
                  description={t(`preset.${each}.about`)}
                />
              ))}
            </Stack>
          </Radio.Group>
          {start === "foreign" && (
            <>
              <Textarea
                label={t("foreign.text")}
                description={t("foreign.about")}
                placeholder="@everyone {streamer} is live: {link}"
                value={theirs}
                onChange={(event) => setTheirs(event.currentTarget.value)}
                maxLength={2000}
                autosize
                minRows={2}
              />
              {foreign.unknown.length > 0 && (
                <Alert color="orange" role="status">
                  {t("foreign.unknown", { names: foreign.unknown.join(", ") })}
                </Alert>
              )}
              {foreign.mentions.length > 0 && (
                <Alert color="blue" role="status">
                  {t("foreign.mentions", { names: foreign.mentions.join(", ") })}
                </Alert>
              )}
            </>
          )}
          <MessagePreview message={message} />
          {problem && !told && <ProblemAlert problem={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common("cancel")}
            </Button>
            <Button type="submit" loading={create.isPending}>
              {t("create")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
