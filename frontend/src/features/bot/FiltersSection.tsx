import { Alert, Code, NumberInput, Stack, Switch, TagsInput } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Trans, useTranslation } from "react-i18next";
import { paths } from "~/paths";
import { TextLink } from "~/ui/links";
import { Section } from "~/ui/Section";
import { LevelSelect } from "./LevelSelect";
import { LEVELS, levelOf } from "./levels";
import type { Filters } from "./settings";
import { useBotChannel } from "./useBotChannel";

type Name = keyof Filters;

/** Moderators are exempt in any case: Twitch lets nobody delete what they write. */
const EXEMPT = LEVELS.slice(1, -1);
const MAX_ENTRIES = 200;

interface Props {
  filters: Filters;
  onChange: (filters: Filters) => void;
  errorOf: (field: string) => string | undefined;
}

/** What the bot deletes, and whom it spares. */
export function FiltersSection({ obstacle, ...props }: Props & { obstacle: string | null }) {
  const { t } = useTranslation("bot");
  const { filters, onChange, errorOf } = props;
  const set = <N extends Name>(name: N, part: Partial<Filters[N]>) =>
    onChange({ ...filters, [name]: { ...filters[name], ...part } });
  const someOn = Object.values(filters).some(({ enabled }) => enabled);
  return (
    <Section title={t("filters.title")} text={t("filters.text")}>
      {someOn && obstacle !== null && <Obstacle obstacle={obstacle} />}
      <Filter name="links" {...props}>
        <TagsInput
          label={t("filters.allow")}
          description={t("filters.allowAbout")}
          value={filters.links.allow}
          onChange={(allow) => set("links", { allow })}
          maxTags={MAX_ENTRIES}
          splitChars={[",", " "]}
          acceptValueOnBlur
          error={errorOf("filters.links.allow")}
        />
      </Filter>
      <Filter name="caps" {...props}>
        <NumberInput
          label={t("filters.percent")}
          value={filters.caps.percent}
          onChange={(percent) => set("caps", { percent: Math.round(Number(percent) || 1) })}
          min={1}
          max={100}
          suffix=" %"
          allowDecimal={false}
          error={errorOf("filters.caps.percent")}
          maw={280}
        />
      </Filter>
      <Filter name="repetition" {...props}>
        <NumberInput
          label={t("filters.most")}
          value={filters.repetition.most}
          onChange={(most) => set("repetition", { most: Math.round(Number(most) || 2) })}
          min={2}
          max={255}
          allowDecimal={false}
          error={errorOf("filters.repetition.most")}
          maw={280}
        />
      </Filter>
      <Filter name="terms" {...props}>
        <TagsInput
          label={t("filters.words")}
          description={t("filters.wordsAbout")}
          value={filters.terms.words}
          onChange={(words) => set("terms", { words })}
          maxTags={MAX_ENTRIES}
          acceptValueOnBlur
          error={errorOf("filters.terms.words")}
        />
        <TagsInput
          label={t("filters.patterns")}
          description={t("filters.patternsAbout")}
          value={filters.terms.patterns}
          onChange={(patterns) => set("terms", { patterns })}
          maxTags={MAX_ENTRIES}
          splitChars={[]}
          acceptValueOnBlur
          error={errorOf("filters.terms.patterns")}
        />
      </Filter>
    </Section>
  );
}

function Filter({
  name,
  filters,
  onChange,
  errorOf,
  children,
}: Props & { name: Name; children: ReactNode }) {
  const { t } = useTranslation("bot");
  const filter = filters[name];
  const set = (part: Partial<typeof filter>) =>
    onChange({ ...filters, [name]: { ...filter, ...part } });
  return (
    <Stack gap="xs" role="group" aria-label={t(`filters.names.${name}`)}>
      <Switch
        label={t(`filters.names.${name}`)}
        description={t(`filters.about.${name}`)}
        checked={filter.enabled}
        onChange={(event) => set({ enabled: event.currentTarget.checked })}
      />
      {filter.enabled && (
        <>
          {children}
          <LevelSelect
            label={t("filters.exempt")}
            levels={EXEMPT}
            value={levelOf(filter.exempt_from)}
            onChange={(level) => set({ exempt_from: level })}
            error={errorOf(`filters.${name}.exempt_from`)}
          />
        </>
      )}
    </Stack>
  );
}

/** Why the filters delete nothing now, and what to do about it. */
function Obstacle({ obstacle }: { obstacle: string }) {
  const { t } = useTranslation("bot");
  const channel = useBotChannel();
  const login = channel?.bot_login ?? "";
  return (
    <Alert color="orange" icon={<IconInfoCircle />} title={t("filters.obstacle.title")}>
      {obstacle === "not_moderator" ? (
        <Trans
          t={t}
          i18nKey="filters.obstacle.not_moderator"
          values={{ command: `/mod ${login}` }}
          components={{ code: <Code /> }}
        />
      ) : (
        <>
          {t("filters.obstacle.not_granted")}{" "}
          {channel && (
            <TextLink to={paths.botChannel} params={{ channelId: channel.channel_id }}>
              {t("filters.obstacle.link")}
            </TextLink>
          )}
        </>
      )}
    </Alert>
  );
}
