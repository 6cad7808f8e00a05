import { MultiSelect, NumberInput, Stack, TagsInput, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import type { FieldError } from "~/api/problem";
import { MinutesInput } from "~/ui/MinutesInput";
import { CategorySelect } from "./CategorySelect";
import { complete, LANGUAGES, type Rule, type Rules } from "./rules";
import { useRuleWords } from "./useRuleWords";

const MAX_WORDS = 20;
const MAX_TITLE = 140;
const MAX_TAG = 25;
const MAX_PATTERN = 200;
const MAX_VIEWERS = 1_000_000;
const MAX_PINGS = 100;
const WEEK_MINUTES = 10_080;
const STREAM_TYPES = ["live", "rerun", "premiere", "watch_party", "playlist"] as const;

interface Props {
  guildId: string;
  value: Schema["RuleSetBody"] | null | undefined;
  onChange: (rules: Rules) => void;
  /** What the server says about a rule. */
  problem: (rule: Rule) => FieldError | undefined;
  /** Whether types of streams are among them: for a channel's own rules. */
  withTypes?: boolean;
}

/** Edits a set of rules; what is empty asks for nothing. */
export function RuleFields({ guildId, value, onChange, problem, withTypes = false }: Props) {
  const { t } = useTranslation("rules");
  const words = useRuleWords();
  const rules = complete(value);
  const set = (change: Partial<Rules>) => onChange({ ...rules, ...change });
  const about = (rule: Rule) => {
    const wrong = problem(rule);
    return {
      label: words.label(rule),
      description: t(`about.${rule.replace(".", "_") as "languages"}`),
      error: wrong && words.explain(rule, wrong),
    };
  };
  const list = (rule: Rule, values: string[], change: (values: string[]) => void) => ({
    ...about(rule),
    value: values,
    onChange: change,
    maxTags: MAX_WORDS,
    acceptValueOnBlur: true,
  });
  const { categories, title, tags } = rules;
  return (
    <Stack gap="md">
      <CategorySelect
        guildId={guildId}
        {...about("categories.only")}
        value={categories.only}
        onChange={(only) => set({ categories: { ...categories, only } })}
      />
      <CategorySelect
        guildId={guildId}
        {...about("categories.never")}
        value={categories.never}
        onChange={(never) => set({ categories: { ...categories, never } })}
      />
      <TagsInput
        {...list("title.contains", title.contains, (contains) =>
          set({ title: { ...title, contains } }),
        )}
        maxLength={MAX_TITLE}
      />
      <TagsInput
        {...list("title.lacks", title.lacks, (lacks) => set({ title: { ...title, lacks } }))}
        maxLength={MAX_TITLE}
      />
      <TextInput
        {...about("title.pattern")}
        value={title.pattern ?? ""}
        onChange={(event) =>
          set({ title: { ...title, pattern: event.currentTarget.value || null } })
        }
        maxLength={MAX_PATTERN}
        dir="ltr"
        spellCheck={false}
      />
      <Languages
        {...about("languages")}
        value={rules.languages}
        onChange={(languages) => set({ languages })}
      />
      <TagsInput
        {...list("tags.any", tags.any, (any) => set({ tags: { ...tags, any } }))}
        maxLength={MAX_TAG}
      />
      <TagsInput
        {...list("tags.never", tags.never, (never) => set({ tags: { ...tags, never } }))}
        maxLength={MAX_TAG}
      />
      {withTypes && (
        <MultiSelect
          {...about("stream_types")}
          data={STREAM_TYPES.map((type) => ({ value: type, label: t(`types.${type}`) }))}
          value={rules.stream_types}
          onChange={(types) => set({ stream_types: types })}
        />
      )}
      <NumberInput
        {...about("least_viewers")}
        value={rules.least_viewers ?? ""}
        onChange={(viewers) => set({ least_viewers: Number(viewers) || null })}
        min={1}
        max={MAX_VIEWERS}
        allowDecimal={false}
        allowNegative={false}
      />
      <MinutesInput
        {...about("pause_seconds")}
        seconds={rules.pause_seconds ?? 0}
        onChange={(seconds) => set({ pause_seconds: seconds || null })}
        maxMinutes={WEEK_MINUTES}
        suffix={t("minutes")}
      />
      <NumberInput
        {...about("most_pings")}
        value={rules.most_pings ?? ""}
        onChange={(pings) => set({ most_pings: Number(pings) || null })}
        min={1}
        max={MAX_PINGS}
        allowDecimal={false}
        allowNegative={false}
      />
    </Stack>
  );
}

function Languages(props: {
  label: string;
  description: string;
  error: string | undefined;
  value: string[];
  onChange: (languages: string[]) => void;
}) {
  const { t, i18n } = useTranslation("rules");
  const data = useMemo(() => {
    const names = new Intl.DisplayNames(i18n.language, { type: "language" });
    const named = (code: string) =>
      code === "other" ? t("otherLanguage") : (names.of(code) ?? code);
    return [...LANGUAGES, "other"].map((code) => ({ value: code, label: named(code) }));
  }, [t, i18n.language]);
  return <MultiSelect {...props} data={data} searchable nothingFoundMessage={t("noLanguage")} />;
}
