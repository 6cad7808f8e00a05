import { Button, Group, Loader, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { IconCheck, IconPlus, IconSearch } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import { TextLink } from "~/ui/links";
import { ProblemAlert, ProblemCard } from "~/ui/ProblemCard";
import { RemoteImage } from "~/ui/RemoteImage";
import classes from "./dialog.module.css";
import { isAddress, parseName } from "./names";
import { LiveState } from "./states";
import { addStreamers } from "./writes";

type Found = Schema["FoundItem"];

const DEBOUNCE_MS = 300;
/** Results of a streamer who was found and yet not added. */
const REFUSED = ["limit_reached", "by_name_limit", "budget_reserved"] as const;
/** From so many characters on a name is searched for while it is typed. */
const TYPED = 3;
/** What the API needs at least. */
const SHORTEST = 2;

/** Finds a channel on Twitch by its name or address, and adds it. */
export function SearchTab({
  guildId,
  known,
  onAdded,
}: {
  guildId: string;
  known: Schema["StreamerItem"][];
  onAdded: () => void;
}) {
  const { t } = useTranslation("streamers");
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [entered, setEntered] = useState("");
  const [results, setResults] = useState<ReadonlyMap<string, string>>(new Map());
  const here = new Set(known.map(({ id }) => id));
  const [debounced] = useDebouncedValue(text.trim(), DEBOUNCE_MS);
  const term = useTerm(text, debounced, entered);
  const search = useQuery({ ...queries.streamerSearch(guildId, term), enabled: term !== "" });
  const add = useMutation({
    mutationFn: async (found: Found) => {
      const [answer] = await addStreamers(guildId, [found.login]);
      return answer?.result ?? "unknown";
    },
    onSuccess: (result, { id }) => {
      setResults((now) => new Map(now).set(id, result));
      if (result === "added") onAdded();
      // Its button is gone; the next name can be typed at once.
      input.current?.focus();
      input.current?.select();
    },
  });
  const found = term === "" ? [] : (search.data ?? []);
  const typed = text.trim();
  const pasted = parseName(typed);
  const hint = () => {
    if (typed === "") return "";
    if ("not" in pasted && isAddress(typed)) {
      return `${t(`noChannel.${pasted.not}`)} ${t("noChannel.about")}`;
    }
    if (add.data === "added") return t("search.added", { name: add.variables.display_name });
    if (typed.length < TYPED && term === "") return t("search.more");
    if (search.data && !search.isPlaceholderData) {
      return t("search.found", { count: search.data.length });
    }
    return search.error ? "" : t("search.searching");
  };
  return (
    <Stack gap="sm">
      <TextInput
        ref={input}
        label={t("search.label")}
        description={t("search.about")}
        placeholder="twitch.tv/…"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          add.reset();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && typed.length >= SHORTEST) setEntered(typed);
        }}
        leftSection={<IconSearch size={16} />}
        rightSection={search.isFetching && <Loader size="xs" />}
        maxLength={100}
        data-autofocus
      />
      <Text size="sm" c="dimmed" role="status">
        {hint()}
      </Text>
      {search.error && term !== "" && (
        <ProblemCard error={search.error} onRetry={() => void search.refetch()} />
      )}
      {add.error instanceof Problem && <ProblemAlert problem={add.error} />}
      <ul className={classes.results} data-old={search.isPlaceholderData || undefined}>
        {found.map((each) => (
          <li key={each.id} className={classes.result}>
            <RemoteImage src={each.avatar_url} name={each.display_name} size={40} />
            <div className={classes.grow}>
              <Text fw={600} truncate>
                {each.display_name}
                {each.display_name.toLowerCase() !== each.login && (
                  <Text span c="dimmed" fw={400}>
                    {" "}
                    ({each.login})
                  </Text>
                )}
              </Text>
              {each.live != null && <LiveState live={each.live} />}
            </div>
            <Outcome
              guildId={guildId}
              found={each}
              result={results.get(each.id) ?? (here.has(each.id) ? "already" : undefined)}
              busy={add.isPending && add.variables.id === each.id}
              onAdd={() => add.mutate(each)}
            />
          </li>
        ))}
      </ul>
    </Stack>
  );
}

/** What to search for: an address and what was entered at once, what is typed after a pause. */
function useTerm(text: string, debounced: string, entered: string): string {
  const typed = text.trim();
  if (isAddress(typed)) {
    const pasted = parseName(typed);
    return "login" in pasted ? pasted.login : "";
  }
  if (typed === entered && typed.length >= SHORTEST) return typed;
  return typed.length >= TYPED && debounced.length >= TYPED ? debounced : "";
}

function Outcome({
  guildId,
  found,
  result,
  busy,
  onAdd,
}: {
  guildId: string;
  found: Found;
  result: string | undefined;
  busy: boolean;
  onAdd: () => void;
}) {
  const { t } = useTranslation("streamers");
  if (result === "added" || result === "already") {
    return (
      <Stack gap={0} align="flex-end">
        <Group gap={4} wrap="nowrap" c="var(--mantine-color-green-text)">
          <IconCheck size={16} aria-hidden />
          <Text size="sm">{t(`results.${result}`)}</Text>
        </Group>
        <TextLink
          size="sm"
          aria-label={t("search.settingsOf", { name: found.display_name })}
          to={paths.streamer}
          params={{ guildId, streamerId: found.id }}
        >
          {t("search.settings")}
        </TextLink>
      </Stack>
    );
  }
  if (result !== undefined) {
    return (
      <Text size="sm" maw={220} c="var(--mantine-color-orange-text)">
        {t(`results.${REFUSED.find((refused) => refused === result) ?? "unknown"}`)}
      </Text>
    );
  }
  return (
    <Button
      size="sm"
      leftSection={<IconPlus size={16} />}
      loading={busy}
      onClick={onAdd}
      aria-label={t("search.addName", { name: found.display_name })}
    >
      {t("search.add")}
    </Button>
  );
}
