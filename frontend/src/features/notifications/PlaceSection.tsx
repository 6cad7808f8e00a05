import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ChannelSelect } from "~/guild/ChannelSelect";
import { MentionField } from "~/guild/MentionField";
import { TemplateSelect } from "~/guild/TemplateSelect";
import { TestSend } from "~/delivery/TestSend";
import { paths } from "~/paths";
import { TextLink } from "~/ui/links";
import { Section } from "~/ui/Section";
import type { PartProps } from "./part";

/** Where announcements go, whom they mention and how they read. */
export function PlaceSection({ guildId, document, error }: PartProps) {
  const { t } = useTranslation("notifications");
  const { value, patch } = document;
  const channelId = value.default_channel_id ?? null;
  const templateId = value.template_id ?? null;
  return (
    <Section title={t("place.title")} text={t("place.text")}>
      <ChannelSelect
        guildId={guildId}
        value={channelId}
        onChange={(id) => patch({ default_channel_id: id })}
        label={t("fields.default_channel_id")}
        description={t("place.channelAbout")}
        clearable
        error={error("default_channel_id")}
      />
      {channelId === null && (
        <Text size="sm" c="var(--mantine-color-orange-text)" mt={-8}>
          {t("place.noChannel")}
        </Text>
      )}
      <MentionField
        guildId={guildId}
        channelId={channelId}
        value={value.mention}
        onChange={(mention) => mention && patch({ mention })}
        label={t("fields.mention")}
        error={error("mention.role_id") ?? error("mention")}
      />
      <div>
        <TemplateSelect
          guildId={guildId}
          value={templateId}
          onChange={(id) => patch({ template_id: id })}
          label={t("fields.template_id")}
          inherited={t("place.ownTemplate")}
          error={error("template_id")}
        />
        <TextLink size="sm" to={paths.templates} params={{ guildId }}>
          {t("place.templates")}
        </TextLink>
      </div>
      <TestSend guildId={guildId} channelId={channelId} templateId={templateId} />
    </Section>
  );
}
