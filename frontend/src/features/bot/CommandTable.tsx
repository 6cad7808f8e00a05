import { Button, Checkbox, Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { paths } from "~/paths";
import { CommandRow } from "./CommandRow";
import { categoriesOf, search, type Command } from "./command";
import { useSwitch } from "./useSwitch";
import classes from "./Bot.module.css";

/** So many rows at first: a thousand at once would make the page slow. */
const SHOWN = 100;

/** The commands, searched, and what can be done with many of them. */
export function CommandTable({
  channelId,
  list,
}: {
  channelId: string;
  list: Schema["CommandList"];
}) {
  const { t } = useTranslation("bot");
  const { t: common } = useTranslation();
  const { q = "", category } = useSearch({ from: "/app/me/bot/$channelId/commands" });
  const navigate = useNavigate({ from: paths.botCommands });
  const set = (change: { q?: string; category?: string }) =>
    void navigate({ search: (now) => ({ ...now, ...change }), replace: true });
  const [most, setMost] = useState(SHOWN);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const switching = useSwitch(channelId);
  const found = search(list.commands, q, category);
  const shown = found.slice(0, most);
  // What is not on the screen is not switched.
  const selected = shown.filter(({ id }) => chosen.has(id));
  const toggle = (id: string) =>
    setChosen((now) => {
      const next = new Set(now);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const all = selected.length === shown.length && shown.length > 0;
  const filtered = q !== "" || category !== undefined;
  return (
    <Stack gap="sm">
      <Group gap="sm" align="flex-end">
        <TextInput
          type="search"
          aria-label={t("commands.search")}
          placeholder={t("commands.search")}
          leftSection={<IconSearch size={16} />}
          value={q}
          maxLength={100}
          onChange={(event) => set({ q: event.currentTarget.value || undefined })}
          className={classes.filter}
        />
        <Categories commands={list.commands} value={category} onChange={set} />
      </Group>
      <Group justify="space-between" gap="sm">
        <Checkbox
          label={t("commands.all")}
          checked={all}
          indeterminate={!all && selected.length > 0}
          onChange={() => setChosen(new Set(all ? [] : shown.map(({ id }) => id)))}
        />
        <Text size="sm" c="dimmed" role="status">
          {filtered
            ? t("commands.found", { count: found.length })
            : t("commands.count", { count: list.total, most: list.most })}
        </Text>
      </Group>
      {selected.length > 0 && (
        <Many
          selected={selected}
          onSwitch={(enabled) => switching(selected, enabled)}
          onClear={() => setChosen(new Set())}
        />
      )}
      <ul className={classes.list} aria-label={t("commands.title")}>
        {shown.map((command) => (
          <CommandRow
            key={command.id}
            channelId={channelId}
            command={command}
            selected={chosen.has(command.id)}
            onSelect={() => toggle(command.id)}
            onSwitch={(enabled) => switching([command], enabled)}
          />
        ))}
      </ul>
      {found.length === 0 && (
        <Group justify="center" py="lg">
          <Text c="dimmed">{t("commands.none")}</Text>
          <Button variant="default" onClick={() => set({ q: undefined, category: undefined })}>
            {t("commands.showAll")}
          </Button>
        </Group>
      )}
      {found.length > most && (
        <Group justify="center">
          <Button variant="default" onClick={() => setMost(most + SHOWN)}>
            {common("loadMore")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function Categories({
  commands,
  value,
  onChange,
}: {
  commands: Command[];
  value: string | undefined;
  onChange: (change: { category?: string }) => void;
}) {
  const { t } = useTranslation("bot");
  const categories = categoriesOf(commands);
  if (categories.length === 0) return null;
  return (
    <NativeSelect
      aria-label={t("commands.category")}
      value={value ?? ""}
      data={[{ value: "", label: t("commands.allCategories") }, ...categories]}
      onChange={({ currentTarget: { value: category } }) =>
        onChange({ category: category || undefined })
      }
    />
  );
}

function Many({
  selected,
  onSwitch,
  onClear,
}: {
  selected: Command[];
  onSwitch: (enabled: boolean) => void;
  onClear: () => void;
}) {
  const { t } = useTranslation("bot");
  return (
    <Group gap="sm" role="group" aria-label={t("many.label")}>
      <Text size="sm" fw={600} role="status">
        {t("many.selected", { count: selected.length })}
      </Text>
      <Button size="xs" variant="default" onClick={() => onSwitch(true)}>
        {t("many.on")}
      </Button>
      <Button size="xs" variant="default" onClick={() => onSwitch(false)}>
        {t("many.off")}
      </Button>
      <Button size="xs" variant="subtle" onClick={onClear}>
        {t("many.clear")}
      </Button>
    </Group>
  );
}
