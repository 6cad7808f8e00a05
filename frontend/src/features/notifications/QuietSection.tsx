import { Button, Group, Select, Switch, Text, TextInput } from "@mantine/core";
import { IconMapPin, IconMoon, IconSun } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { Section } from "~/ui/Section";
import { Status } from "~/ui/Status";
import { useNow } from "~/ui/Time";
import type { PartProps } from "./part";
import { isComplete, isQuiet, isZone, ownZone, timeIn, zones } from "./quiet";
import { useQuietText } from "./words";

const NIGHT = { from: "22:00", until: "08:00" };

/** When nothing is announced. */
export function QuietSection(props: PartProps) {
  const { t } = useTranslation("notifications");
  const { value, base, patch } = props.document;
  const quiet = value.quiet_hours ?? null;
  return (
    <Section title={t("quiet.title")} text={t("quiet.text")}>
      <Switch
        checked={quiet !== null}
        onChange={(event) =>
          patch({ quiet_hours: event.currentTarget.checked ? (base.quiet_hours ?? NIGHT) : null })
        }
        label={t("quiet.label")}
        description={t("quiet.about")}
      />
      {quiet && <Hours {...props} quiet={quiet} />}
      {/* One that was stored before offsets were refused has to be seen to be changed. */}
      {!quiet && !isZone(value.timezone) && <Zone document={props.document} error={props.error} />}
    </Section>
  );
}

function Hours({ document, error, quiet }: PartProps & { quiet: Schema["QuietHours"] }) {
  const { t } = useTranslation("notifications");
  const { value, patch } = document;
  const set = (change: Partial<Schema["QuietHours"]>) =>
    patch({ quiet_hours: { ...quiet, ...change } });
  return (
    <>
      <Group grow align="flex-start" maw={360}>
        <TextInput
          type="time"
          label={t("quiet.from")}
          value={quiet.from}
          onChange={(event) => set({ from: event.currentTarget.value })}
          error={error("quiet_hours.from")}
        />
        <TextInput
          type="time"
          label={t("quiet.until")}
          value={quiet.until}
          onChange={(event) => set({ until: event.currentTarget.value })}
          error={error("quiet_hours.until")}
        />
      </Group>
      <Zone document={document} error={error} />
      <InWords quiet={quiet} zone={value.timezone} />
    </>
  );
}

/** The time zone of the quiet hours. */
function Zone({ document, error }: Pick<PartProps, "document" | "error">) {
  const { t } = useTranslation("notifications");
  const { value, patch } = document;
  const own = ownZone();
  const data = useMemo(() => zones(value.timezone), [value.timezone]);
  return (
    <div>
      <Select
        label={t("fields.timezone")}
        description={t("quiet.zoneAbout")}
        data={data}
        value={value.timezone}
        onChange={(zone) => zone && patch({ timezone: zone })}
        searchable
        allowDeselect={false}
        limit={100}
        nothingFoundMessage={t("quiet.noZone")}
        error={error("timezone")}
      />
      {own !== value.timezone && (
        <Button
          variant="default"
          size="xs"
          mt="xs"
          leftSection={<IconMapPin size={14} />}
          onClick={() => patch({ timezone: own })}
        >
          {t("quiet.useOwn", { zone: own })}
        </Button>
      )}
    </div>
  );
}

/** The hours as a sentence, and whether they are on now. */
function InWords({ quiet, zone }: { quiet: Schema["QuietHours"]; zone: string }) {
  const { t } = useTranslation("notifications");
  const sentence = useQuietText();
  const time = timeIn(zone, useNow());
  if (!isComplete(quiet)) {
    return (
      <Text size="sm" c="var(--mantine-color-orange-text)" role="status">
        {t(quiet.from !== "" && quiet.from === quiet.until ? "quiet.same" : "quiet.incomplete")}
      </Text>
    );
  }
  const now = time !== null && isQuiet(quiet, time);
  return (
    <div role="status">
      <Text>{sentence(quiet)}</Text>
      {time !== null && (
        <Group gap="xs" mt={6}>
          <Status
            icon={now ? <IconMoon size={14} /> : <IconSun size={14} />}
            color={now ? "indigo" : "green"}
          >
            {t(now ? "quiet.nowQuiet" : "quiet.nowLoud")}
          </Status>
          <Text size="sm" c="dimmed">
            {t("quiet.itIs", { time, zone })}
          </Text>
        </Group>
      )}
    </div>
  );
}
