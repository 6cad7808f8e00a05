import { NumberInput, Stack, Switch, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { paths } from "~/paths";
import { TextLink } from "~/ui/links";
import { Section } from "~/ui/Section";
import type { Variable } from "./completion";
import { ResponseField } from "./ResponseField";
import type { EventForm } from "./settings";
import type texts from "./locale/en.json";

type Kind = Exclude<keyof (typeof texts)["events"]["kinds"], symbol>;

/** What is counted: bits, gifts, viewers. */
const COUNTED: readonly string[] = ["gift", "cheer", "raid"];
const MOST = 1_000_000;
/** Variables that need a line that somebody has written. */
const OF_COMMANDS = new Set(["touser", "args", "arg", "followers", "fetch", "secret"]);
const OF_PEOPLE = new Set(["user", "login"]);
/** What happens without anybody in particular. */
const ALONE: readonly string[] = ["live", "end"];

/** What is said by itself when something happens. */
export function EventsSection({
  events,
  granted,
  variables,
  onChange,
  errorOf,
}: {
  events: Record<string, EventForm>;
  granted: Schema["EventView"][];
  variables: readonly Variable[];
  onChange: (events: Record<string, EventForm>) => void;
  errorOf: (field: string) => string | undefined;
}) {
  const { t } = useTranslation("bot");
  const usable = variables.filter(({ name }) => !OF_COMMANDS.has(name));
  return (
    <Section title={t("events.title")} text={t("events.text")}>
      {Object.entries(events).map(([kind, form]) => (
        <Event
          key={kind}
          kind={kind as Kind}
          form={form}
          isGranted={granted.find((each) => each.kind === kind)?.granted ?? true}
          variables={
            ALONE.includes(kind) ? usable.filter(({ name }) => !OF_PEOPLE.has(name)) : usable
          }
          onChange={(part) => onChange({ ...events, [kind]: { ...form, ...part } })}
          errorOf={errorOf}
        />
      ))}
    </Section>
  );
}

function Event({
  kind,
  form,
  isGranted,
  variables,
  onChange,
  errorOf,
}: {
  kind: Kind;
  form: EventForm;
  isGranted: boolean;
  variables: readonly Variable[];
  onChange: (part: Partial<EventForm>) => void;
  errorOf: (field: string) => string | undefined;
}) {
  const { t } = useTranslation("bot");
  const name = t(`events.kinds.${kind}`, { defaultValue: kind });
  return (
    <Stack gap="xs" role="group" aria-label={name}>
      <Switch
        label={name}
        checked={form.enabled}
        onChange={(event) => onChange({ enabled: event.currentTarget.checked })}
      />
      {form.enabled && !isGranted && (
        <Text size="sm">
          {t("events.notGranted")} <TextLink to={paths.ownChannel}>{t("events.grant")}</TextLink>
        </Text>
      )}
      {form.enabled && (
        <ResponseField
          label={t("events.said", { name })}
          value={form.text}
          onChange={(text) => onChange({ text })}
          variables={variables}
          maxLength={1500}
          error={errorOf(`events.${kind}.text`)}
        />
      )}
      {form.enabled && COUNTED.includes(kind) && (
        <NumberInput
          label={t(`events.atLeast.${kind as "gift" | "cheer" | "raid"}`)}
          value={form.at_least}
          onChange={(count) => onChange({ at_least: Math.round(Number(count) || 0) })}
          min={0}
          max={MOST}
          allowDecimal={false}
          error={errorOf(`events.${kind}.at_least`)}
          maw={280}
        />
      )}
    </Stack>
  );
}
