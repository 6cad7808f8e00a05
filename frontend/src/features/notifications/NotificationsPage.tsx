import { Skeleton, Stack, Switch, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, askTagged, type Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { useMentionWarnings } from "~/guild/MentionField";
import { DocumentBar } from "~/ui/DocumentBar";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { toast } from "~/ui/toast";
import { useDocument } from "~/ui/useDocument";
import { FeedSection } from "./FeedSection";
import { FileSection } from "./FileSection";
import type { PartProps } from "./part";
import { PlaceSection } from "./PlaceSection";
import { QuietSection } from "./QuietSection";
import { RulesSection } from "./RulesSection";
import { StreamsSection } from "./StreamsSection";
import { useConfigWords } from "./words";

type Config = Schema["ConfigBody"];

/** What a server announces, where and how, unless a streamer's own settings say otherwise. */
export function NotificationsPage() {
  const { t } = useTranslation("notifications");
  const { guildId } = useParams({ from: "/app/s/$guildId/notifications" });
  const query = useQuery(queries.config(guildId));
  const document = useConfigDocument(guildId, query);
  return (
    <Page title={t("title")} text={t("text")}>
      <Loaded query={query} skeleton={<Waiting />}>
        {() => document && <Form guildId={guildId} document={document} />}
      </Loaded>
    </Page>
  );
}

function useConfigDocument(
  guildId: string,
  query: Parameters<typeof useDocument<Config>>[0]["query"],
) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const inWords = useMentionWarnings();
  return useDocument<Config>({
    id: `config:${guildId}`,
    query,
    save: async (value, etag) => {
      const saved = await askTagged(
        api.PUT("/api/guilds/{guild_id}/config", {
          params: { path: { guild_id: guildId }, header: { "If-Match": etag } },
          body: value,
        }),
      );
      const { warnings, ...config } = saved.value;
      for (const message of inWords(warnings)) toast({ message, warning: true });
      return { ...saved, value: config };
    },
    onSaved: (saved) => {
      client.setQueryData(queries.config(guildId).queryKey, saved);
      void client.invalidateQueries({ queryKey: queries.overview(guildId).queryKey });
      toast({ message: t("form.saved") });
    },
  });
}

function Form({ guildId, document }: Omit<PartProps, "error">) {
  const { t } = useTranslation("notifications");
  const words = useConfigWords(guildId);
  const error = (field: string) => {
    const found = document.fieldError(field);
    return found && words.explain(found);
  };
  const part: PartProps = { guildId, document, error };
  const { enabled } = document.value;
  return (
    <Stack gap="md">
      <Section title={t("master.title")} text={t("master.text")}>
        <Switch
          size="md"
          checked={enabled}
          onChange={(event) => document.patch({ enabled: event.currentTarget.checked })}
          label={t("master.label")}
          description={t(enabled ? "master.on" : "master.off")}
        />
        {!enabled && (
          <Text size="sm" c="var(--mantine-color-orange-text)" role="status">
            {t("master.nothing")}
          </Text>
        )}
      </Section>
      <PlaceSection {...part} />
      <StreamsSection {...part} />
      <QuietSection {...part} />
      <RulesSection {...part} />
      <FeedSection {...part} />
      <FileSection guildId={guildId} />
      <DocumentBar document={document} words={words} />
    </Stack>
  );
}

function Waiting() {
  return (
    <Stack gap="md">
      {[110, 420, 480, 130, 900, 150, 480, 120].map((height) => (
        <Skeleton key={height} height={height} radius="md" />
      ))}
    </Stack>
  );
}
