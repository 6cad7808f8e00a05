import { Stack, Switch, TagsInput, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { RuleFields } from "~/rules/lazy";
import { complete } from "~/rules/rules";
import { MinutesInput } from "~/ui/MinutesInput";
import type { DestinationProps } from "./DestinationCard";
import classes from "./StreamerPage.module.css";

const WEEK_MINUTES = 10_080;
const MAX_GAMES = 50;
const MAX_FILTER = 140;

type Props = Pick<DestinationProps, "guildId" | "value" | "error" | "problem" | "onChange">;

/** Filters, pause and rules of a channel. */
export default function NarrowingFields({ guildId, value, error, problem, onChange }: Props) {
  const { t } = useTranslation("streamers");
  return (
    <>
      <div className={classes.fields} style={{ paddingTop: "var(--mantine-spacing-sm)" }}>
        <TextInput
          label={t("page.title")}
          description={t("page.titleAbout")}
          value={value.title_filter ?? ""}
          onChange={(event) => onChange({ title_filter: event.currentTarget.value || null })}
          maxLength={MAX_FILTER}
          error={error("title_filter")}
        />
        <TagsInput
          label={t("page.game")}
          description={t("page.gameAbout")}
          placeholder={value.game_filter ? undefined : t("page.gamePlaceholder")}
          value={value.game_filter ?? []}
          onChange={(games) => onChange({ game_filter: games.length > 0 ? games : null })}
          maxTags={MAX_GAMES}
          acceptValueOnBlur
          error={error("game_filter")}
        />
        <MinutesInput
          label={t("page.cooldown")}
          description={t("page.cooldownAbout")}
          seconds={value.cooldown_seconds ?? 0}
          onChange={(seconds) => onChange({ cooldown_seconds: seconds })}
          maxMinutes={WEEK_MINUTES}
          suffix={t("page.minutes")}
          error={error("cooldown_seconds")}
        />
      </div>
      <Stack gap="md" pt="md" maw={560}>
        <Switch
          checked={value.rules != null}
          onChange={(event) =>
            onChange({ rules: event.currentTarget.checked ? complete(null) : null })
          }
          label={t("page.ownRules")}
          description={t("page.ownRulesAbout")}
        />
        {value.rules && (
          <RuleFields
            guildId={guildId}
            value={value.rules}
            onChange={(rules) => onChange({ rules })}
            problem={problem}
            withTypes
          />
        )}
      </Stack>
    </>
  );
}
