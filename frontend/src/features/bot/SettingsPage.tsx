import { Skeleton, Stack, Switch, TagsInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import type { EditedDocument } from "~/ui/useDocument";
import { EventsSection } from "./EventsSection";
import { FiltersSection } from "./FiltersSection";
import { botQueries } from "./queries";
import { SettingsBar } from "./SettingsBar";
import type { SettingsForm } from "./settings";
import { useChannelId } from "./useBotChannel";
import { useErrorText } from "./useErrorText";
import { useSettings } from "./useSettings";

const Programs = lazy(() => import("./Programs"));

const MAX_PREFIX = 5;
const MAX_IGNORED = 200;

/** What goes for the whole channel. */
export function SettingsPage() {
  const { t } = useTranslation("bot");
  const channelId = useChannelId();
  const { query, document } = useSettings(channelId);
  return (
    <Page title={t("settings.title")} text={t("settings.text")}>
      <Loaded query={query} skeleton={<Waiting />}>
        {() => document && <Form channelId={channelId} document={document} />}
      </Loaded>
    </Page>
  );
}

function Form({
  channelId,
  document,
}: {
  channelId: string;
  document: EditedDocument<SettingsForm>;
}) {
  const { data } = useQuery(botQueries.settings(channelId));
  const commands = useQuery(botQueries.commands(channelId));
  const errorOf = useErrorText(document.fieldErrors);
  const { value, patch } = document;
  return (
    <>
      <General value={value} patch={patch} errorOf={errorOf} />
      <EventsSection
        events={value.events}
        granted={data?.value.events ?? []}
        variables={commands.data?.variables ?? []}
        onChange={(events) => patch({ events })}
        errorOf={errorOf}
      />
      <FiltersSection
        filters={value.filters}
        obstacle={data?.value.filters_obstacle ?? null}
        onChange={(filters) => patch({ filters })}
        errorOf={errorOf}
      />
      <Suspense fallback={<Skeleton height={320} radius="md" />}>
        <Programs channelId={channelId} secrets={data?.value.secrets ?? []} />
      </Suspense>
      <SettingsBar document={document} />
    </>
  );
}

function General({
  value,
  patch,
  errorOf,
}: {
  value: SettingsForm;
  patch: (change: Partial<SettingsForm>) => void;
  errorOf: (field: string) => string | undefined;
}) {
  const { t } = useTranslation("bot");
  return (
    <Section title={t("settings.general")} text={t("settings.generalText")}>
      <TextInput
        label={t("settings.field.prefix")}
        description={t("settings.prefixAbout")}
        value={value.prefix}
        onChange={(event) => patch({ prefix: event.currentTarget.value })}
        maxLength={MAX_PREFIX * 2}
        autoComplete="off"
        error={errorOf("prefix")}
        maw={280}
      />
      <TextInput
        label={t("settings.field.discord_url")}
        description={t("settings.discordAbout", { variable: "{discord}" })}
        placeholder="https://discord.gg/…"
        value={value.discord_url}
        onChange={(event) => patch({ discord_url: event.currentTarget.value })}
        error={errorOf("discord_url")}
      />
      <TagsInput
        label={t("settings.field.ignored")}
        description={t("settings.ignoredAbout")}
        value={value.ignored}
        onChange={(ignored) => patch({ ignored })}
        maxTags={MAX_IGNORED}
        splitChars={[",", " "]}
        acceptValueOnBlur
        error={errorOf("ignored")}
      />
      <Switch
        label={t("settings.field.drop_repeats")}
        description={t("settings.repeatsAbout")}
        checked={value.drop_repeats}
        onChange={(event) => patch({ drop_repeats: event.currentTarget.checked })}
      />
    </Section>
  );
}

function Waiting() {
  return (
    <Stack gap="lg">
      <Skeleton height={220} radius="md" />
      <Skeleton height={320} radius="md" />
    </Stack>
  );
}
