import { Select, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { queries } from "~/api/queries";
import { DryRunPanel, RuleFields } from "~/rules/lazy";
import { Section } from "~/ui/Section";
import type { PartProps } from "./part";

/** What else has to hold for an announcement, and what it would have changed. */
export function RulesSection({ guildId, document }: PartProps) {
  const { t } = useTranslation("notifications");
  const { t: rules } = useTranslation("rules");
  const { value, patch, fieldError } = document;
  return (
    <>
      <Section title={t("rules.title")} text={t("rules.text")}>
        <RuleFields
          guildId={guildId}
          value={value.rules}
          onChange={(changed) => patch({ rules: changed })}
          problem={(rule) => fieldError(`rules.${rule}`)}
        />
      </Section>
      <Section title={rules("dryRun.title")} text={rules("dryRun.about")}>
        <DryRun guildId={guildId} config={value} />
      </Section>
    </>
  );
}

function DryRun({ guildId, config }: { guildId: string; config: PartProps["document"]["value"] }) {
  const { t } = useTranslation("rules");
  const streamers = useInfiniteQuery(queries.streamers(guildId));
  const all = streamers.data?.pages.flatMap(({ items }) => items) ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  const streamer = all.find(({ id }) => id === chosen) ?? all[0];
  if (!streamer) return streamers.isSuccess && <Text c="dimmed">{t("dryRun.noStreamer")}</Text>;
  return (
    <>
      <Select
        label={t("dryRun.streamer")}
        data={all.map(({ id, display_name: name }) => ({ value: id, label: name }))}
        value={streamer.id}
        onChange={setChosen}
        allowDeselect={false}
        searchable
      />
      <DryRunPanel
        key={streamer.id}
        guildId={guildId}
        streamer={{ id: streamer.id, name: streamer.display_name }}
        body={{ config }}
      />
    </>
  );
}
