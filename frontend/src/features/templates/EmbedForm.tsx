import {
  ActionIcon,
  Button,
  ColorInput,
  Fieldset,
  Group,
  Stack,
  Switch,
  Text,
  Tooltip,
} from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { MAX_FIELDS, type EmbedTemplate } from "~/template-language";
import { SourceField } from "./SourceField";
import { useEditing } from "./editing";

type Fields = EmbedTemplate["fields"];

const NO_AUTHOR = { name: "", url: "", icon_url: "" };
/** Names of errors that no single text is to blame for. */
const WHOLE = ["message", "message.embed", "message.embed.fields", "message.embed.color"];
const SWATCHES = ["#9146ff", "#5865f2", "#eb0400", "#f59f00", "#2f9e44", "#1098ad", "#e64980"];

/** The parts of an embed; an empty text leaves its part out. */
export function EmbedForm({
  embed,
  onChange,
}: {
  embed: EmbedTemplate;
  onChange: (embed: EmbedTemplate) => void;
}) {
  const { t } = useTranslation("templates");
  const { told } = useEditing();
  const set = (change: Partial<EmbedTemplate>) => onChange({ ...embed, ...change });
  const author = embed.author ?? NO_AUTHOR;
  const setAuthor = (change: Partial<typeof NO_AUTHOR>) => {
    const next = { ...author, ...change };
    set({ author: Object.values(next).every((text) => text === "") ? null : next });
  };
  const colour = embed.color === null ? "" : `#${embed.color.toString(16).padStart(6, "0")}`;
  const general = told.filter(({ field }) => WHOLE.includes(field));
  return (
    <Stack gap="md">
      <SourceField
        field="message.embed.title"
        kind="title"
        label={t("embed.title")}
        value={embed.title}
        onChange={(title) => set({ title })}
      />
      <SourceField
        field="message.embed.url"
        kind="url"
        label={t("embed.url")}
        value={embed.url}
        onChange={(url) => set({ url })}
      />
      <SourceField
        field="message.embed.description"
        kind="description"
        label={t("embed.description")}
        value={embed.description}
        onChange={(description) => set({ description })}
        multiline
      />
      <ColorInput
        label={t("embed.color")}
        description={t("embed.colorAbout")}
        value={colour}
        onChange={(text) => {
          const parsed = /^#[0-9a-f]{6}$/i.test(text) ? Number.parseInt(text.slice(1), 16) : null;
          set({ color: parsed });
        }}
        swatches={SWATCHES}
        format="hex"
        withEyeDropper={false}
      />
      <Fieldset legend={t("embed.author")}>
        <Stack gap="sm">
          <SourceField
            field="message.embed.author.name"
            kind="author"
            label={t("embed.authorName")}
            value={author.name}
            onChange={(name) => setAuthor({ name })}
          />
          <SourceField
            field="message.embed.author.url"
            kind="url"
            label={t("embed.authorUrl")}
            value={author.url}
            onChange={(url) => setAuthor({ url })}
          />
          <SourceField
            field="message.embed.author.icon_url"
            kind="url"
            label={t("embed.authorIcon")}
            value={author.icon_url}
            onChange={(icon_url) => setAuthor({ icon_url })}
          />
        </Stack>
      </Fieldset>
      <FieldsForm fields={embed.fields} onChange={(fields) => set({ fields })} />
      <SourceField
        field="message.embed.image_url"
        kind="url"
        label={t("embed.image")}
        value={embed.image_url}
        onChange={(image_url) => set({ image_url })}
      />
      <SourceField
        field="message.embed.thumbnail_url"
        kind="url"
        label={t("embed.thumbnail")}
        value={embed.thumbnail_url}
        onChange={(thumbnail_url) => set({ thumbnail_url })}
      />
      <SourceField
        field="message.embed.footer.text"
        kind="footer"
        label={t("embed.footer")}
        value={embed.footer?.text ?? ""}
        onChange={(text) => set({ footer: text === "" ? null : { text } })}
      />
      <Switch
        label={t("embed.timestamp")}
        checked={embed.timestamp}
        onChange={(event) => set({ timestamp: event.currentTarget.checked })}
      />
      {general.map((error) => (
        <Text key={error.code} size="sm" c="var(--mantine-color-error)" role="alert">
          {error.message}
        </Text>
      ))}
    </Stack>
  );
}

function FieldsForm({ fields, onChange }: { fields: Fields; onChange: (fields: Fields) => void }) {
  const { t } = useTranslation("templates");
  const full = fields.length >= MAX_FIELDS;
  const change = (at: number, patch: Partial<Fields[number]>) =>
    onChange(fields.map((field, i) => (i === at ? { ...field, ...patch } : field)));
  const move = (at: number, to: number) => {
    const next = [...fields];
    const [field] = next.splice(at, 1);
    if (field) next.splice(to, 0, field);
    onChange(next);
  };
  return (
    <Fieldset legend={t("embed.fields")}>
      <Stack gap="md">
        {fields.length === 0 && (
          <Text size="sm" c="dimmed">
            {t("embed.noFields")}
          </Text>
        )}
        {fields.map((field, at) => (
          // Fields have no identity but their place.
          // oxlint-disable-next-line react/no-array-index-key
          <Stack key={at} gap="xs">
            <Group justify="space-between" gap="xs">
              <Text fw={600} size="sm">
                {t("embed.fieldNumber", { number: at + 1 })}
              </Text>
              <Group gap={4}>
                <Switch
                  size="xs"
                  label={t("embed.inline")}
                  checked={field.inline}
                  onChange={(event) => change(at, { inline: event.currentTarget.checked })}
                />
                <FieldButton
                  label={t("embed.moveUp", { number: at + 1 })}
                  icon={<IconArrowUp size={16} />}
                  onClick={at > 0 ? () => move(at, at - 1) : undefined}
                />
                <FieldButton
                  label={t("embed.moveDown", { number: at + 1 })}
                  icon={<IconArrowDown size={16} />}
                  onClick={at < fields.length - 1 ? () => move(at, at + 1) : undefined}
                />
                <FieldButton
                  label={t("embed.removeField", { number: at + 1 })}
                  icon={<IconTrash size={16} />}
                  onClick={() => onChange(fields.filter((_, i) => i !== at))}
                />
              </Group>
            </Group>
            <SourceField
              field={`message.embed.fields[${at}].name`}
              kind="fieldName"
              label={t("embed.fieldName")}
              value={field.name}
              onChange={(name) => change(at, { name })}
            />
            <SourceField
              field={`message.embed.fields[${at}].value`}
              kind="fieldValue"
              label={t("embed.fieldValue")}
              value={field.value}
              onChange={(value) => change(at, { value })}
              multiline
            />
          </Stack>
        ))}
        <Group gap="sm">
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} />}
            aria-disabled={full}
            onClick={() => !full && onChange([...fields, { name: "", value: "", inline: true }])}
          >
            {t("embed.addField")}
          </Button>
          {full && (
            <Text size="sm" c="dimmed">
              {t("embed.full", { max: MAX_FIELDS })}
            </Text>
          )}
        </Group>
      </Stack>
    </Fieldset>
  );
}

/** A small button; at the end of the list it stays, so that the focus does not get lost. */
function FieldButton({
  label,
  icon,
  onClick,
}: {
  label: string;
  icon: React.ReactNode;
  onClick: (() => void) | undefined;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={label}
        aria-disabled={onClick === undefined}
        onClick={onClick}
      >
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
