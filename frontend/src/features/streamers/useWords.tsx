import { Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import type { FieldError } from "~/api/problem";
import { queries } from "~/api/queries";
import { useChannelName } from "~/guild/ChannelSelect";
import { useMentionText } from "~/guild/MentionField";
import type { Rule } from "~/rules/rules";
import { useRuleWords } from "~/rules/useRuleWords";
import type texts from "./locale/en.json";

type Body = Schema["StreamerBody"];
type Destination = Schema["DestinationBody"];

/** What a destination inherits, and settings and errors as people know them. */
export function useWords(guildId: string) {
  const { t } = useTranslation("streamers");
  const { t: common } = useTranslation();
  const config = useQuery(queries.config(guildId)).data?.value;
  const templates = useQuery(queries.templates(guildId));
  const channelName = useChannelName(guildId);
  const mentionText = useMentionText(guildId);
  const ruleWords = useRuleWords();

  const templateName = (id: string | null | undefined) =>
    id
      ? (templates.data?.templates.find((each) => each.id === id)?.name ?? "…")
      : t("page.standard");

  const sentence = (destination: Destination): string => {
    const channel = channelName(destination.channel_id ?? config?.default_channel_id);
    const parts = [
      channel,
      templateName(destination.template_id ?? config?.template_id),
      destination.mention ? mentionText(destination.mention) : inherited.mention,
      destination.title_filter && `“${destination.title_filter}”`,
      destination.game_filter?.join(", "),
      destination.cooldown_seconds
        ? `${destination.cooldown_seconds / 60} ${t("page.minutes")}`
        : null,
      destination.rules && ruleWords.summary(destination.rules),
      destination.buttons ? t("page.withButtons") : null,
      destination.enabled === false ? t("off") : null,
    ];
    return parts.filter(Boolean).join(" · ");
  };

  const inherited = {
    channelId: config?.default_channel_id ?? null,
    templateId: config?.template_id ?? null,
    mention: config ? mentionText(config.mention) : "…",
    template: common("inherits", { value: templateName(config?.template_id) }),
  };

  return {
    inherited,
    label: (field: keyof Body) => t(`fields.${field}`),
    show: (field: keyof Body, value: Body) =>
      field === "enabled" ? (
        t(value.enabled ? "on" : "off")
      ) : (
        <Stack gap={2} component="span">
          {value.destinations.map((destination, index) => (
            <Text key={destination.id ?? index} size="sm" component="span">
              {sentence(destination)}
            </Text>
          ))}
        </Stack>
      ),
    explain: (error: FieldError): string => {
      const rule = /^destinations\[\d+\]\.rules\.(.+)$/.exec(error.field)?.[1];
      if (rule) return ruleWords.explain(rule as Rule, error);
      const match = /^destinations\[(\d+)\]\.(\w+)/.exec(error.field);
      const key = (match?.[2] ?? error.code) as keyof (typeof texts)["fieldErrors"];
      const number = Number(match?.[1] ?? 0) + 1;
      return t(`fieldErrors.${key}`, { number, defaultValue: error.message });
    },
  };
}
