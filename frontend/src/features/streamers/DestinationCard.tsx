import {
  ActionIcon,
  Alert,
  Badge,
  Button,
  Collapse,
  Group,
  Skeleton,
  Stack,
  Switch,
  Text,
  Tooltip,
} from "@mantine/core";
import {
  IconAlertTriangle,
  IconChevronDown,
  IconChevronRight,
  IconTrash,
} from "@tabler/icons-react";
import { lazy, Suspense, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import type { FieldError } from "~/api/problem";
import { ChannelSelect } from "~/guild/ChannelSelect";
import { MentionField } from "~/guild/MentionField";
import { TemplateSelect } from "~/guild/TemplateSelect";
import { TestSend } from "~/delivery/TestSend";
import type { Rule } from "~/rules/rules";
import { Card } from "~/ui/Card";
import { Time } from "~/ui/Time";
import { narrowings } from "./destinations";
import type texts from "./locale/en.json";
import classes from "./StreamerPage.module.css";
import type { useWords } from "./useWords";

type Destination = Schema["DestinationBody"];

const NarrowingFields = lazy(() => import("./NarrowingFields"));

/** A channel of a streamer, as its page edits it. */
export interface DestinationProps {
  guildId: string;
  streamerId: string;
  /** From 1, as people count. */
  number: number;
  value: Destination;
  /** What the server knows of it; nothing of a new one. */
  health: Schema["DestinationView"] | undefined;
  words: ReturnType<typeof useWords>;
  error: (field: string) => string | undefined;
  /** What the server says about one of its own rules. */
  problem: (rule: Rule) => FieldError | undefined;
  onChange: (change: Partial<Destination>) => void;
  /** Left out for the last one. */
  onRemove?: () => void;
}

/** One channel in which a streamer is announced, and how. */
export function DestinationCard(props: DestinationProps) {
  const { guildId, number, value, health, words, error, onChange } = props;
  const { t } = useTranslation("streamers");
  return (
    <Card title={t("page.destination", { number })} actions={<Actions {...props} />}>
      <Stack gap="md">
        {health?.degraded_reason && <Degraded health={health} />}
        <div className={classes.fields}>
          <ChannelSelect
            guildId={guildId}
            value={value.channel_id ?? null}
            onChange={(id) => onChange({ channel_id: id })}
            label={t("page.channel")}
            inherited={words.inherited.channelId}
            error={error("channel_id")}
          />
          <TemplateSelect
            guildId={guildId}
            value={value.template_id ?? null}
            onChange={(id) => onChange({ template_id: id })}
            label={t("page.template")}
            inherited={words.inherited.template}
            error={error("template_id")}
          />
          <MentionField
            guildId={guildId}
            channelId={value.channel_id ?? words.inherited.channelId}
            value={value.mention ?? null}
            onChange={(mention) => onChange({ mention })}
            label={t("page.mention")}
            inherited={words.inherited.mention}
            error={error("mention")}
          />
        </div>
        <Switch
          checked={value.buttons ?? false}
          onChange={(event) => onChange({ buttons: event.currentTarget.checked })}
          label={t("page.buttons")}
          description={t("page.buttonsAbout")}
        />
        <Narrowings {...props} />
        <TestSend
          guildId={guildId}
          streamerId={props.streamerId}
          channelId={value.channel_id ?? words.inherited.channelId}
          templateId={value.template_id ?? words.inherited.templateId}
        />
      </Stack>
    </Card>
  );
}

function Actions({ number, value, onChange, onRemove }: DestinationProps) {
  const { t } = useTranslation("streamers");
  const remove = t("page.removeDestination", { number });
  return (
    <Group gap="sm" wrap="nowrap">
      <Switch
        checked={value.enabled ?? true}
        onChange={(event) => onChange({ enabled: event.currentTarget.checked })}
        label={t("page.useDestination")}
        labelPosition="left"
      />
      <Tooltip label={onRemove ? remove : t("page.lastDestination")} multiline maw={280}>
        <ActionIcon
          variant="subtle"
          color="gray"
          c="var(--mantine-color-dimmed)"
          size={34}
          aria-label={onRemove ? remove : `${remove}. ${t("page.lastDestination")}`}
          aria-disabled={!onRemove}
          data-disabled={!onRemove || undefined}
          onClick={onRemove}
        >
          <IconTrash size={18} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}

function Degraded({ health }: { health: Schema["DestinationView"] }) {
  const { t } = useTranslation("streamers");
  const code = health.degraded_reason ?? "";
  const reason = t(`reasons.${code as keyof (typeof texts)["reasons"]}`, {
    defaultValue: t("reasons.other", { code }),
  });
  return (
    <Alert color="orange" icon={<IconAlertTriangle />} title={t("page.degraded")}>
      <Text size="sm">{reason}</Text>
      <Text size="sm" mt={4} component="div">
        {health.degraded_at && (
          <>
            {t("page.since")} <Time at={health.degraded_at} />.{" "}
          </>
        )}
        {health.next_check_at ? (
          <>
            {t("page.nextCheck")} <Time at={health.next_check_at} />.
          </>
        ) : (
          t("page.noCheck")
        )}
      </Text>
    </Alert>
  );
}

/** What holds announcements back: folded away while there is none. */
function Narrowings(props: DestinationProps) {
  const { value, error } = props;
  const { t } = useTranslation("streamers");
  const region = useId();
  const count = narrowings(value);
  const wrong = ["cooldown_seconds", "title_filter", "game_filter", "rules"].some((field) =>
    error(field),
  );
  const [chosen, setOpened] = useState<boolean | null>(null);
  const opened = wrong || (chosen ?? count > 0);
  const Chevron = opened ? IconChevronDown : IconChevronRight;
  return (
    <div className={classes.more}>
      <Button
        variant="subtle"
        size="compact-sm"
        color="gray"
        c="var(--mantine-color-text)"
        leftSection={<Chevron size={16} />}
        rightSection={
          count > 0 && (
            <Badge variant="light" color="violet" tt="none">
              {t("page.filtersOn", { count })}
            </Badge>
          )
        }
        aria-expanded={opened}
        aria-controls={region}
        onClick={() => setOpened(!opened)}
      >
        {t("page.filters")}
      </Button>
      <Collapse expanded={opened} id={region}>
        <Suspense fallback={<Skeleton height={240} radius="md" mt="sm" />}>
          <NarrowingFields {...props} />
        </Suspense>
      </Collapse>
    </div>
  );
}
