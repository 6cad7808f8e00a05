import { Checkbox, Radio, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { TemplateSelect } from "~/guild/TemplateSelect";
import { MinutesInput } from "~/ui/MinutesInput";
import { Section } from "~/ui/Section";
import type { PartProps } from "./part";

const TYPES = ["live", "rerun", "premiere", "watch_party", "playlist"] as const;
const END_ACTIONS = ["edit", "new_message", "delete_after", "delete", "leave"] as const;
/** After which of them a message tells the end. */
const READ_AT_THE_END: readonly string[] = ["edit", "new_message", "delete_after"];
const DAY_MINUTES = 1440;

/** Which streams are announced, and what becomes of the message afterwards. */
export function StreamsSection({ guildId, document, error }: PartProps) {
  const { t } = useTranslation("notifications");
  const { value, patch } = document;
  return (
    <Section title={t("streams.title")} text={t("streams.text")}>
      <Checkbox.Group
        label={t("fields.announce_types")}
        description={t("streams.typesAbout")}
        value={value.announce_types}
        onChange={(types) => patch({ announce_types: inOrder(types) })}
        error={error("announce_types")}
      >
        <Stack gap="xs" my="xs">
          {TYPES.map((type) => (
            <Checkbox
              key={type}
              value={type}
              label={t(`types.${type}.name`)}
              description={t(`types.${type}.about`)}
            />
          ))}
        </Stack>
      </Checkbox.Group>
      <MinutesInput
        label={t("fields.merge_window_seconds")}
        description={t(value.merge_window_seconds > 0 ? "streams.mergeOn" : "streams.mergeOff")}
        seconds={value.merge_window_seconds}
        onChange={(seconds) => patch({ merge_window_seconds: seconds })}
        maxMinutes={DAY_MINUTES}
        suffix={t("minutes")}
        error={error("merge_window_seconds")}
      />
      <Radio.Group
        label={t("fields.end_action")}
        description={t("streams.endAbout")}
        value={value.end_action}
        onChange={(action) => patch({ end_action: action })}
        error={error("end_action")}
      >
        <Stack gap="xs" my="xs">
          {END_ACTIONS.map((action) => (
            <Radio
              key={action}
              value={action}
              label={t(`end.${action}.name`)}
              description={t(`end.${action}.about`)}
            />
          ))}
        </Stack>
      </Radio.Group>
      {value.end_action === "delete_after" && (
        <MinutesInput
          label={t("fields.end_delete_minutes")}
          description={t("streams.deleteAbout")}
          seconds={(value.end_delete_minutes ?? 60) * 60}
          onChange={(seconds) => patch({ end_delete_minutes: Math.round(seconds / 60) })}
          maxMinutes={DAY_MINUTES}
          suffix={t("minutes")}
          error={error("end_delete_minutes")}
        />
      )}
      {READ_AT_THE_END.includes(value.end_action) && (
        <TemplateSelect
          guildId={guildId}
          value={value.end_template_id ?? null}
          onChange={(id) => patch({ end_template_id: id })}
          label={t("fields.end_template_id")}
          inherited={t("streams.sameTemplate")}
          error={error("end_template_id")}
        />
      )}
    </Section>
  );
}

/** Ticking and unticking a box again is no change: the order stays the same. */
function inOrder(types: string[]): string[] {
  const known = TYPES.filter((type) => types.includes(type)) as string[];
  return [...known, ...types.filter((type) => !known.includes(type))];
}
