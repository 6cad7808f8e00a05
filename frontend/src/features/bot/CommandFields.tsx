import {
  Autocomplete,
  NativeSelect,
  SegmentedControl,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { Card } from "~/ui/Card";
import { localOf, momentOf, type CommandForm } from "./command";
import type { Variable } from "./completion";
import { LevelOrNone, LevelSelect } from "./LevelSelect";
import { ResponseList } from "./ResponseList";
import { SecondsInput } from "./SecondsInput";
import classes from "./Bot.module.css";

const MAX_NAME = 50;
const MAX_ALIASES = 20;
const MAX_PEOPLE = 100;

/** What a part of the form needs. */
interface Part {
  form: CommandForm;
  patch: (change: Partial<CommandForm>) => void;
  errorOf: (field: string) => string | undefined;
}

/** All fields of a command. */
export default function CommandFields({
  variables,
  categories,
  ...part
}: Part & { variables: readonly Variable[]; categories: string[] }) {
  return (
    <Stack gap="md">
      <Names {...part} categories={categories} />
      <Responses {...part} variables={variables} />
      <Rights {...part} />
      <Times {...part} />
      <Address {...part} />
    </Stack>
  );
}

function Names({ form, patch, errorOf, categories }: Part & { categories: string[] }) {
  const { t } = useTranslation("bot");
  return (
    <Card title={t("command.names")}>
      <Stack gap="md">
        <div className={classes.fields}>
          <TextInput
            label={t("command.name")}
            description={t("command.nameAbout")}
            value={form.name}
            onChange={(event) => patch({ name: event.currentTarget.value })}
            maxLength={MAX_NAME + 5}
            autoComplete="off"
            error={errorOf("name")}
          />
          <Autocomplete
            label={t("command.category")}
            description={t("command.categoryAbout")}
            value={form.category}
            data={categories}
            onChange={(category) => patch({ category })}
            maxLength={30}
            error={errorOf("category")}
          />
        </div>
        <TagsInput
          label={t("command.aliases")}
          description={t("command.aliasesAbout")}
          value={form.aliases}
          onChange={(aliases) => patch({ aliases })}
          maxTags={MAX_ALIASES}
          splitChars={[",", " "]}
          acceptValueOnBlur
          error={errorOf("aliases")}
        />
        <Switch
          label={t("command.enabled")}
          checked={form.enabled}
          onChange={(event) => patch({ enabled: event.currentTarget.checked })}
        />
      </Stack>
    </Card>
  );
}

function Responses({ form, patch, errorOf, variables }: Part & { variables: readonly Variable[] }) {
  const { t } = useTranslation("bot");
  const order = useId();
  return (
    <Card title={t("command.responses")}>
      <Stack gap="md">
        <ResponseList
          value={form.responses}
          onChange={(responses) => patch({ responses })}
          variables={variables}
          errorOf={errorOf}
        />
        {form.responses.length > 1 && (
          <div>
            <Text size="sm" fw={500} id={order} mb={4}>
              {t("command.order")}
            </Text>
            <SegmentedControl
              aria-labelledby={order}
              value={form.order}
              onChange={(value) => patch({ order: value === "in_turn" ? value : "random" })}
              data={(["random", "in_turn"] as const).map((value) => ({
                value,
                label: t(`command.orders.${value}`),
              }))}
            />
          </div>
        )}
        <Switch
          label={t("command.reply")}
          description={t("command.replyAbout")}
          checked={form.reply}
          onChange={(event) => patch({ reply: event.currentTarget.checked })}
        />
      </Stack>
    </Card>
  );
}

function Rights({ form, patch, errorOf }: Part) {
  const { t } = useTranslation("bot");
  return (
    <Card title={t("command.rights")}>
      <Stack gap="md">
        <LevelSelect
          label={t("command.level")}
          description={t("command.levelAbout")}
          value={form.level}
          onChange={(level) => patch({ level })}
          error={errorOf("level")}
        />
        {(["allow", "deny"] as const).map((list) => (
          <TagsInput
            key={list}
            label={t(`command.${list}`)}
            description={t(`command.${list}About`)}
            value={form[list]}
            onChange={(logins) => patch({ [list]: logins })}
            maxTags={MAX_PEOPLE}
            splitChars={[",", " "]}
            acceptValueOnBlur
            error={errorOf(list)}
          />
        ))}
      </Stack>
    </Card>
  );
}

function Times({ form, patch, errorOf }: Part) {
  const { t } = useTranslation("bot");
  return (
    <Card title={t("command.times")}>
      <div className={classes.fields}>
        <SecondsInput
          label={t("command.cooldown")}
          value={form.cooldown}
          onChange={(cooldown) => patch({ cooldown })}
          error={errorOf("cooldown")}
        />
        <SecondsInput
          label={t("command.userCooldown")}
          value={form.user_cooldown}
          onChange={(cooldown) => patch({ user_cooldown: cooldown })}
          error={errorOf("user_cooldown")}
        />
        <LevelOrNone
          label={t("command.exempt")}
          value={form.no_cooldown_from}
          onChange={(level) => patch({ no_cooldown_from: level })}
          none={t("command.exemptNobody")}
        />
        <NativeSelect
          label={t("command.when")}
          value={form.when}
          data={(["always", "online", "offline"] as const).map((value) => ({
            value,
            label: t(`command.whens.${value}`),
          }))}
          onChange={({ currentTarget: { value } }) =>
            patch({ when: value === "online" || value === "offline" ? value : "always" })
          }
        />
        <TextInput
          type="datetime-local"
          label={t("command.expires")}
          description={t("command.expiresAbout")}
          value={localOf(form.expires_at)}
          onChange={(event) => patch({ expires_at: momentOf(event.currentTarget.value) })}
          error={errorOf("expires_at")}
        />
      </div>
    </Card>
  );
}

function Address({ form, patch, errorOf }: Part) {
  const { t } = useTranslation("bot");
  return (
    <Card title={t("command.fetch")}>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t("command.fetchText", { variable: "{fetch}" })}
        </Text>
        <TextInput
          label={t("command.fetchUrl")}
          description={t("command.fetchUrlAbout", {
            values: "{touser}, {args}",
            secret: "{secret name}",
          })}
          placeholder="https://api.example.com/rank?name={touser}"
          value={form.fetch_url ?? ""}
          onChange={(event) => patch({ fetch_url: event.currentTarget.value || null })}
          autoComplete="off"
          spellCheck={false}
          error={errorOf("fetch_url")}
        />
        <TextInput
          label={t("command.fallback")}
          description={t("command.fallbackAbout")}
          value={form.fetch_fallback}
          onChange={(event) => patch({ fetch_fallback: event.currentTarget.value })}
          maxLength={400}
          error={errorOf("fetch_fallback")}
        />
      </Stack>
    </Card>
  );
}
