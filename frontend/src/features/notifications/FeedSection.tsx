import { Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { paths } from "~/paths";
import { TextLink } from "~/ui/links";
import { Section } from "~/ui/Section";
import type { PartProps } from "./part";

/** What anybody can see on Twitch anyway. */
const PUBLIC = ["online", "offline", "update", "raid"] as const;
/** What the streamer has to let a feed show as well. */
const GRANTED = ["follow", "subscribe", "gift", "cheer"] as const;
const ALL: readonly string[] = [...PUBLIC, ...GRANTED];

/** What a server's members see in the feeds of its streamers. */
export function FeedSection({ document, error }: PartProps) {
  const { t } = useTranslation("notifications");
  const { value, patch } = document;
  const kinds = value.feed_kinds ?? [];
  const choose = (chosen: string[]) => patch({ feed_kinds: inOrder(chosen) });
  return (
    <Section title={t("feed.title")} text={t("feed.text")}>
      <Checkbox.Group
        label={t("feed.label")}
        description={t("feed.about")}
        value={kinds}
        onChange={choose}
        error={error("feed_kinds")}
      >
        <Stack gap="xs" my="xs">
          {PUBLIC.map((kind) => (
            <Kind key={kind} kind={kind} />
          ))}
          <Text size="sm" c="dimmed" mt="xs">
            {t("feed.granted")} <TextLink to={paths.ownChannel}>{t("feed.ownChannel")}</TextLink>
          </Text>
          {GRANTED.map((kind) => (
            <Kind key={kind} kind={kind} />
          ))}
        </Stack>
      </Checkbox.Group>
      <Group gap="xs">
        <Button
          size="xs"
          variant="default"
          disabled={ALL.every((kind) => kinds.includes(kind))}
          onClick={() => choose([...kinds, ...ALL])}
        >
          {t("feed.all")}
        </Button>
        <Button
          size="xs"
          variant="default"
          disabled={kinds.length === 0}
          onClick={() => choose([])}
        >
          {t("feed.nothing")}
        </Button>
      </Group>
      {kinds.length === 0 && (
        <Text size="sm" c="dimmed" role="status">
          {t("feed.noneAbout")}
        </Text>
      )}
    </Section>
  );
}

function Kind({ kind }: { kind: (typeof PUBLIC)[number] | (typeof GRANTED)[number] }) {
  const { t } = useTranslation("notifications");
  return (
    <Checkbox value={kind} label={t(`feed.kinds.${kind}`)} description={t(`feed.shows.${kind}`)} />
  );
}

/** As the API stores them, so that ticking and unticking is no change; kinds of a newer version stay. */
function inOrder(kinds: string[]): string[] {
  const chosen = new Set(kinds);
  const known = ALL.filter((kind) => chosen.delete(kind));
  return [...known, ...chosen];
}
