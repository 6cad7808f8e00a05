import {
  Anchor,
  Button,
  Group,
  Skeleton,
  Stack,
  Switch,
  Text,
  Title,
  Tooltip,
} from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { IconArrowLeft, IconCopy, IconExternalLink, IconPlus } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { useMentionWarnings } from "~/guild/MentionField";
import { paths } from "~/paths";
import { DryRunPanel } from "~/rules/lazy";
import { Card } from "~/ui/Card";
import { DocumentBar } from "~/ui/DocumentBar";
import { TextLink } from "~/ui/links";
import { Loaded } from "~/ui/Loaded";
import { RemoteImage } from "~/ui/RemoteImage";
import { setTitle } from "~/ui/title";
import { Time } from "~/ui/Time";
import { toast } from "~/ui/toast";
import { useDocument, type EditedDocument } from "~/ui/useDocument";
import { CopyDialog } from "./CopyDialog";
import { DestinationCard } from "./DestinationCard";
import { documentOf, MAX_DESTINATIONS, NEW_DESTINATION, takeOver } from "./destinations";
import { LinkState, LiveState, SubscriptionState, Troubles } from "./states";
import classes from "./StreamerPage.module.css";
import { useWords } from "./useWords";
import { patchRow, reload, saveStreamer } from "./writes";

type Body = Schema["StreamerBody"];

/** How one streamer is announced. */
export function StreamerPage() {
  const { t } = useTranslation("streamers");
  const { guildId, streamerId } = useParams({ from: "/app/s/$guildId/streamers/$streamerId" });
  const query = useQuery(queries.streamer(guildId, streamerId));
  const document = useStreamerDocument(guildId, streamerId);
  return (
    <Stack gap="lg">
      <TextLink size="sm" className={classes.back} to={paths.streamers} params={{ guildId }}>
        <IconArrowLeft size={16} aria-hidden />
        {t("page.back")}
      </TextLink>
      <Loaded query={query} skeleton={<Waiting />}>
        {({ value: view }) => (
          <>
            <Header guildId={guildId} streamer={view.streamer} />
            {document && (
              <Form key={streamerId} guildId={guildId} view={view} document={document} />
            )}
          </>
        )}
      </Loaded>
    </Stack>
  );
}

function useStreamerDocument(guildId: string, streamerId: string) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const options = queries.streamer(guildId, streamerId);
  const query = useQuery({ ...options, select: documentOf });
  const inWords = useMentionWarnings();
  return useDocument<Body>({
    id: `streamer:${guildId}:${streamerId}`,
    query,
    save: async (value, etag) => {
      const saved = await saveStreamer(guildId, streamerId, value, etag);
      client.setQueryData(options.queryKey, saved);
      for (const message of inWords(saved.value.warnings ?? [])) toast({ message, warning: true });
      const { enabled, destinations } = saved.value.streamer;
      void patchRow(client, guildId, streamerId, { enabled, destinations }).then(
        (interrupted) => interrupted && reload(client, guildId),
      );
      return documentOf(saved);
    },
    onSaved: () => {
      void client.invalidateQueries({ queryKey: queries.overview(guildId).queryKey });
      toast({ message: t("form.saved") });
    },
  });
}

function Header({ guildId, streamer }: { guildId: string; streamer: Schema["StreamerItem"] }) {
  const { t } = useTranslation("streamers");
  const name = streamer.display_name;
  useEffect(() => {
    setTitle(name);
  }, [name]);
  const subscription = streamer.exists
    ? (streamer.subscription as "enabled" | "pending" | "failed")
    : "gone";
  return (
    <Stack gap="sm">
      <Group gap="md" wrap="nowrap" align="flex-start">
        <RemoteImage src={streamer.avatar_url} name={name} size={64} />
        <div className={classes.grow}>
          <Title order={1} size="h2" className={classes.name}>
            {name}
          </Title>
          <Group gap="4px var(--mantine-spacing-md)">
            <LiveState live={streamer.live} />
            <LinkState linked={streamer.linked} />
            <Anchor
              size="sm"
              href={`https://www.twitch.tv/${streamer.login}`}
              target="_blank"
              rel="noopener noreferrer"
              className={classes.back}
            >
              twitch.tv/{streamer.login}
              <IconExternalLink size={14} aria-hidden />
            </Anchor>
          </Group>
          <Group gap="4px var(--mantine-spacing-md)" mt="xs">
            <SubscriptionState streamer={streamer} />
            <Text size="sm" c="dimmed">
              {t(`subscriptionAbout.${subscription}`)}
            </Text>
          </Group>
          <Text size="sm" c="dimmed" mt={6} component="div">
            {streamer.last_sent_at ? (
              <>
                {t("page.lastSent")} <Time at={streamer.last_sent_at} />
              </>
            ) : (
              t("neverSent")
            )}
            {" · "}
            {t("page.addedAt")} <Time at={streamer.added_at} />
          </Text>
        </div>
      </Group>
      {subscription !== "enabled" && (
        <Troubles guildId={guildId} streamer={{ ...streamer, degraded: 0 }} />
      )}
    </Stack>
  );
}

interface FormProps {
  guildId: string;
  view: Schema["StreamerView"];
  document: EditedDocument<Body>;
}

function Form({ guildId, view, document }: FormProps) {
  const { t } = useTranslation("streamers");
  const { t: rules } = useTranslation("rules");
  const words = useWords(guildId);
  const [copying, setCopying] = useState(false);
  const addButton = useRef<HTMLButtonElement>(null);
  const { enabled, destinations } = document.value;
  const name = view.streamer.display_name;
  const set = (next: Body["destinations"]) => document.patch({ destinations: next });
  const full = destinations.length >= MAX_DESTINATIONS;
  const wrong = document.fieldError("destinations");
  return (
    <Stack gap="md">
      <Card>
        <Switch
          size="md"
          checked={enabled}
          onChange={(event) => document.patch({ enabled: event.currentTarget.checked })}
          label={t("page.enabled", { name })}
          description={enabled ? undefined : t("page.enabledOff")}
        />
      </Card>
      <Group justify="space-between" align="flex-end" gap="sm">
        <div>
          <Title order={2} size="h4">
            {t("page.destinations")}
          </Title>
          <Text size="sm" c="dimmed">
            {t("page.destinationsAbout")}{" "}
            <TextLink size="sm" to={paths.notifications} params={{ guildId }}>
              {t("page.serverSettings")}
            </TextLink>
          </Text>
        </div>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconCopy size={14} />}
          onClick={() => setCopying(true)}
        >
          {t("page.copy")}
        </Button>
      </Group>
      {wrong && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {words.explain(wrong)}
        </Text>
      )}
      {destinations.map((destination, index) => (
        <DestinationCard
          key={destination.id ?? `new-${index}`}
          guildId={guildId}
          streamerId={view.streamer.id}
          number={index + 1}
          value={destination}
          health={view.destinations.find(({ settings }) => settings.id === destination.id)}
          words={words}
          error={(field) => {
            const found = document.fieldErrors.find((each) =>
              each.field.startsWith(`destinations[${index}].${field}`),
            );
            return found && words.explain(found);
          }}
          problem={(rule) => document.fieldError(`destinations[${index}].rules.${rule}`)}
          onChange={(change) =>
            set(destinations.map((each, n) => (n === index ? { ...each, ...change } : each)))
          }
          onRemove={
            destinations.length > 1
              ? () => {
                  set(destinations.filter((_, n) => n !== index));
                  addButton.current?.focus();
                }
              : undefined
          }
        />
      ))}
      <div>
        <Tooltip label={t("page.maxDestinations")} disabled={!full}>
          <Button
            ref={addButton}
            variant="default"
            leftSection={<IconPlus size={16} />}
            aria-disabled={full}
            data-disabled={full || undefined}
            onClick={() => !full && set([...destinations, NEW_DESTINATION])}
          >
            {t("page.addDestination")}
          </Button>
        </Tooltip>
        {full && (
          <Text size="sm" c="dimmed" mt={4}>
            {t("page.maxDestinations")}
          </Text>
        )}
      </div>
      <Card title={rules("dryRun.title")}>
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {rules("dryRun.about")}
          </Text>
          <DryRunPanel
            guildId={guildId}
            streamer={{ id: view.streamer.id, name }}
            body={{ streamer: document.value }}
          />
        </Stack>
      </Card>
      <CopyDialog
        guildId={guildId}
        streamerId={view.streamer.id}
        opened={copying}
        onClose={() => setCopying(false)}
        onCopy={(others) => set(takeOver(destinations, others))}
      />
      <DocumentBar document={document} words={words} />
    </Stack>
  );
}

function Waiting() {
  return (
    <Stack gap="lg">
      <Group wrap="nowrap">
        <Skeleton height={64} circle />
        <Stack gap="xs" flex={1}>
          <Skeleton height={28} width={220} />
          <Skeleton height={16} width={300} maw="100%" />
        </Stack>
      </Group>
      <Skeleton height={62} radius="md" />
      <Skeleton height={330} radius="md" />
    </Stack>
  );
}
