import { Checkbox, Radio, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { MinutesInput } from "~/ui/MinutesInput";
import { Section } from "~/ui/Section";
import type { PartProps } from "./part";

const TYPES = ["live", "rerun", "premiere", "watch_party", "playlist"] as const;
const END_ACTIONS = ["edit", "delete", "leave"] as const;
const DAY_MINUTES = 1440;

/** Which streams are announced, and what becomes of the message afterwards. */
export function StreamsSection({ document, error }: PartProps) {
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
    </Section>
  );
}

/** Ticking and unticking a box again is no change: the order stays the same. */
function inOrder(types: string[]): string[] {
  const known = TYPES.filter((type) => types.includes(type)) as string[];
  return [...known, ...types.filter((type) => !known.includes(type))];
}
