import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import type { FieldError } from "~/api/problem";
import { queries } from "~/api/queries";
import { useChannelName } from "~/guild/ChannelSelect";
import { useMentionText } from "~/guild/MentionField";
import { useRuleWords } from "~/rules/useRuleWords";
import type { Rule } from "~/rules/rules";
import type texts from "./locale/en.json";
import { isOvernight } from "./quiet";

type Config = Schema["ConfigBody"];
type Field = keyof Config;

const RULES = "rules.";

/** Quiet hours as a sentence. */
export function useQuietText(): (quiet: Schema["QuietHours"]) => string {
  const { t } = useTranslation("notifications");
  return (quiet) => t(isOvernight(quiet) ? "quiet.overnight" : "quiet.sameDay", { ...quiet });
}

/** A configuration's fields, values and errors as people know them. */
export function useConfigWords(guildId: string) {
  const { t } = useTranslation("notifications");
  const { t: common } = useTranslation();
  const channelName = useChannelName(guildId);
  const mentionText = useMentionText(guildId);
  const quietText = useQuietText();
  const ruleWords = useRuleWords();
  const templates = useQuery(queries.templates(guildId));

  const template = (id: string | null | undefined) =>
    id
      ? (templates.data?.templates.find((each) => each.id === id)?.name ?? "…")
      : t("place.ownTemplate");

  const show = (field: Field, value: Config): string => {
    switch (field) {
      case "enabled":
        return t(value.enabled ? "master.on" : "master.off");
      case "default_channel_id":
        return value.default_channel_id
          ? channelName(value.default_channel_id)
          : common("channel.noDefault");
      case "template_id":
        return template(value.template_id);
      case "mention":
        return mentionText(value.mention);
      case "merge_window_seconds":
        return `${value.merge_window_seconds / 60} ${t("minutes")}`;
      case "end_action":
        return t(`end.${value.end_action as keyof (typeof texts)["end"]}.name`);
      case "announce_types":
        return value.announce_types
          .map((type) => t(`types.${type as keyof (typeof texts)["types"]}.name`))
          .join(", ");
      case "feed_kinds":
        return (
          value.feed_kinds
            ?.map((kind) => t(`feed.kinds.${kind as keyof (typeof texts)["feed"]["kinds"]}`))
            .join(", ") || t("feed.none")
        );
      case "quiet_hours":
        return value.quiet_hours ? quietText(value.quiet_hours) : t("quiet.none");
      case "timezone":
        return value.timezone;
      case "rules":
        return ruleWords.summary(value.rules);
    }
  };

  return {
    label: (field: Field) => t(`fields.${field}`),
    show,
    /** What is wrong with a field; the API's own words where we have none. */
    explain: (error: FieldError) => {
      if (error.field.startsWith(RULES)) {
        return ruleWords.explain(error.field.slice(RULES.length) as Rule, error);
      }
      const key = error.field.replaceAll(".", "_") as keyof (typeof texts)["errors"];
      return t(`errors.${key}`, { defaultValue: error.message });
    },
  };
}
