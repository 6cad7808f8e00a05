import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { IconAlertTriangle, IconBan, IconCheck, IconHelp, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { ProblemAlert } from "~/ui/ProblemCard";
import classes from "./dialog.module.css";
import type texts from "./locale/en.json";
import { splitNames, type NoChannel } from "./names";
import { addStreamers } from "./writes";

/** Names that one request takes. */
const MAX_NAMES = 100;

const ICONS: Record<string, { icon: typeof IconCheck; color: string }> = {
  added: { icon: IconCheck, color: "green" },
  already: { icon: IconCheck, color: "blue" },
  unknown: { icon: IconHelp, color: "orange" },
  invalid: { icon: IconBan, color: "orange" },
  limit_reached: { icon: IconAlertTriangle, color: "red" },
  by_name_limit: { icon: IconAlertTriangle, color: "red" },
  budget_reserved: { icon: IconAlertTriangle, color: "red" },
};

type Result = Schema["AddResult"];

/** Adds everybody on a pasted list, with a result for each; who was not found stays for correction. */
export function PasteTab({ guildId, onAdded }: { guildId: string; onAdded: () => void }) {
  const { t } = useTranslation("streamers");
  const [text, setText] = useState("");
  const [empty, setEmpty] = useState(false);
  const names = splitNames(text);
  const add = useMutation({
    mutationFn: () => addStreamers(guildId, names.slice(0, MAX_NAMES)),
    onSuccess: (results) => {
      const left = results.filter(({ result }) => result !== "added" && result !== "already");
      setText([...left.map(({ name }) => name), ...names.slice(MAX_NAMES)].join("\n"));
      if (results.some(({ result }) => result === "added")) onAdded();
    },
  });
  const submit = () => {
    setEmpty(names.length === 0);
    if (names.length > 0) add.mutate();
  };
  return (
    <Stack gap="sm">
      <Textarea
        label={t("paste.label")}
        description={t("paste.about")}
        placeholder={"ana\nhttps://www.twitch.tv/bruno_plays"}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setEmpty(false);
        }}
        error={empty && t("paste.empty")}
        autosize
        minRows={5}
        maxRows={12}
        spellCheck={false}
        data-autofocus
      />
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed" role="status">
          {names.length > MAX_NAMES
            ? t("paste.tooMany", { count: names.length, max: MAX_NAMES })
            : t("paste.count", { count: names.length })}
        </Text>
        <Button leftSection={<IconPlus size={16} />} loading={add.isPending} onClick={submit}>
          {t("paste.add", { count: Math.min(names.length, MAX_NAMES) })}
        </Button>
      </Group>
      {add.error instanceof Problem && <ProblemAlert problem={add.error} />}
      {add.data && <Results results={add.data} />}
    </Stack>
  );
}

function Results({ results }: { results: Result[] }) {
  const { t } = useTranslation("streamers");
  const number = (...kinds: string[]) =>
    results.filter(({ result }) => kinds.includes(result)).length;
  const failed = number("unknown", "invalid", "limit_reached", "by_name_limit", "budget_reserved");
  return (
    <div>
      <div role="status">
        <Text fw={600}>
          {t("paste.added", { count: number("added") })}
          {number("already") > 0 && `, ${t("paste.already", { count: number("already") })}`}
          {failed > 0 && `, ${t("paste.failed", { count: failed })}`}
        </Text>
        {failed > 0 && (
          <Text size="sm" c="dimmed">
            {t("paste.left")}
          </Text>
        )}
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, also by keyboard */}
      <ul className={classes.outcomes} tabIndex={0} aria-label={t("paste.results")}>
        {results.map(({ name, result, reason }) => {
          const { icon: Icon, color } = ICONS[result] ?? { icon: IconHelp, color: "orange" };
          return (
            <li key={name} className={classes.outcome}>
              <Text
                size="sm"
                component="span"
                className={classes.word}
                c={`var(--mantine-color-${color}-text)`}
              >
                <Icon size={16} aria-hidden />
                {t(`results.${result as keyof (typeof texts)["results"]}`)}
              </Text>
              <Text size="sm" component="span">
                {name}
                {reason && (
                  <Text size="sm" component="span" c="dimmed" display="block">
                    {t(`noChannel.${reason as NoChannel}`)} {t("noChannel.about")}
                  </Text>
                )}
              </Text>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
