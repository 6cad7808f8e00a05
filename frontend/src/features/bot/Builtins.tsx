import { Skeleton, Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { Card } from "~/ui/Card";
import { Loaded } from "~/ui/Loaded";
import { LevelOrNone } from "./LevelSelect";
import { LEVELS, levelOf } from "./levels";
import { useProblemWords } from "./problems";
import { botQueries } from "./queries";
import { SecondsInput } from "./SecondsInput";
import { SettingsBar } from "./SettingsBar";
import type { BuiltinForm } from "./settings";
import { useSettings } from "./useSettings";
import classes from "./Bot.module.css";
import type texts from "./locale/en.json";

type Known = keyof (typeof texts)["builtins"]["about"];

/** The commands that the bot comes with: which there are, who may use them, how often. */
export function Builtins({ channelId }: { channelId: string }) {
  const { t } = useTranslation("bot");
  const { query, document } = useSettings(channelId);
  const { data } = useQuery(botQueries.settings(channelId));
  const explain = useProblemWords();
  const change = (name: string, part: Partial<BuiltinForm>) => {
    const now = document?.value.builtins[name];
    if (!document || !now) return;
    document.patch({ builtins: { ...document.value.builtins, [name]: { ...now, ...part } } });
  };
  const errorOf = (name: string) => {
    const error = document?.fieldError(`builtins.${name}`);
    return error && explain(error);
  };
  return (
    <>
      <Card title={t("builtins.title")}>
        <Text size="sm" c="dimmed" mb="sm">
          {t("builtins.text")}
        </Text>
        <Loaded query={query} skeleton={<Skeleton height={280} radius="md" />}>
          {() =>
            document && (
              <ul className={classes.list} aria-label={t("builtins.title")}>
                {data?.value.builtins.map((builtin) => (
                  <Row
                    key={builtin.name}
                    builtin={builtin}
                    prefix={document.base.prefix}
                    form={document.value.builtins[builtin.name]}
                    onChange={(part) => change(builtin.name, part)}
                    error={errorOf(builtin.name)}
                  />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
      {document && <SettingsBar document={document} />}
    </>
  );
}

function Row({
  builtin,
  prefix,
  form,
  onChange,
  error,
}: {
  builtin: Schema["BuiltinView"];
  prefix: string;
  form: BuiltinForm | undefined;
  onChange: (part: Partial<BuiltinForm>) => void;
  error: string | undefined;
}) {
  const { t } = useTranslation("bot");
  if (!form) return null;
  const { name } = builtin;
  const about = t(`builtins.about.${name as Known}`, { defaultValue: builtin.about });
  return (
    <li className={classes.builtin} aria-label={name}>
      <div>
        <Text fw={600}>
          {prefix}
          {name}
        </Text>
        <Text size="sm" c="dimmed">
          {about}
        </Text>
        {error !== undefined && (
          <Text size="sm" c="var(--mantine-color-error)" role="alert">
            {error}
          </Text>
        )}
      </div>
      <LevelOrNone
        label={t("builtins.level")}
        value={form.level}
        onChange={(level) => onChange({ level })}
        levels={LEVELS.filter((level) => level !== builtin.default_level)}
        none={t("builtins.asItComes", { level: t(`levels.${levelOf(builtin.default_level)}`) })}
      />
      <SecondsInput
        label={t("builtins.cooldown")}
        value={form.cooldown}
        onChange={(cooldown) => onChange({ cooldown })}
      />
      <SecondsInput
        label={t("builtins.userCooldown")}
        value={form.user_cooldown}
        onChange={(cooldown) => onChange({ user_cooldown: cooldown })}
      />
      <Switch
        size="md"
        mb={6}
        aria-label={t("builtins.switch", { name })}
        checked={form.enabled}
        onChange={(event) => onChange({ enabled: event.currentTarget.checked })}
      />
    </li>
  );
}
