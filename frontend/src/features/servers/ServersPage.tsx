import { Alert, Anchor, Button, Group, Kbd, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconAlertTriangle, IconSearch, IconServerOff } from "@tabler/icons-react";
import { useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { leave, paths } from "~/paths";
import { useShortcutsSetting } from "~/shell/settings";
import { useKeys } from "~/shell/useKeys";
import { EmptyState } from "~/ui/EmptyState";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { count, narrowed } from "./filter";
import { InstallError } from "./InstallError";
import { RefreshButton } from "./RefreshButton";
import { ServerGroup } from "./ServerGroup";
import classes from "./ServersPage.module.css";

/** The servers of who is signed in: ready, to be added, and those that need somebody else. */
export function ServersPage() {
  const { t } = useTranslation("servers");
  const guilds = useQuery(queries.guilds);
  return (
    <Page
      title={t("title")}
      text={t("text")}
      actions={guilds.data && <RefreshButton groups={guilds.data} />}
    >
      <InstallError />
      <Loaded query={guilds} skeleton={<Waiting />}>
        {(groups) => <Groups groups={groups} />}
      </Loaded>
    </Page>
  );
}

function Groups({ groups }: { groups: Schema["GuildGroups"] }) {
  const { t } = useTranslation("servers");
  const [filter, setFilter] = useFilter();
  if (count(groups) === 0) {
    return (
      <>
        <ListProblem groups={groups} />
        <NoServers />
      </>
    );
  }
  const shown = narrowed(groups, filter);
  return (
    <Stack gap="lg" onKeyDown={moveBetweenRows}>
      <ListProblem groups={groups} />
      <Filter value={filter} onChange={setFilter} found={count(shown)} />
      {count(shown) === 0 && (
        <EmptyState
          icon={<IconSearch size={40} />}
          title={t("filter.noneTitle", { filter })}
          text={t("filter.noneText")}
          actions={
            <Button variant="default" onClick={() => setFilter("")}>
              {t("filter.clear")}
            </Button>
          }
        />
      )}
      <ServerGroup kind="ready" guilds={shown.ready} />
      <ServerGroup kind="can_add" guilds={shown.can_add} />
      <ServerGroup kind="no_permission" guilds={shown.no_permission} />
    </Stack>
  );
}

/** The filter stands in the address, and in the field before the address has followed. */
function useFilter(): [string, (filter: string) => void] {
  const { q = "" } = useSearch({ from: "/app/servers" });
  const navigate = useNavigate({ from: paths.servers });
  const [filter, setFilter] = useState(q);
  const change = (next: string) => {
    setFilter(next);
    void navigate({ search: (old) => ({ ...old, q: next || undefined }), replace: true });
  };
  return [filter, change];
}

function Filter({
  value,
  onChange,
  found,
}: {
  value: string;
  onChange: (value: string) => void;
  found: number;
}) {
  const { t } = useTranslation("servers");
  const input = useRef<HTMLInputElement>(null);
  const [shortcuts] = useShortcutsSetting();
  useKeys({ "/": () => input.current?.focus() });
  return (
    <div role="search">
      <TextInput
        ref={input}
        aria-label={t("filter.label")}
        placeholder={t("filter.label")}
        value={value}
        maxLength={100}
        leftSection={<IconSearch size={16} />}
        rightSection={shortcuts && value === "" ? <Kbd visibleFrom="sm">/</Kbd> : undefined}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && onChange("")}
        data-row
        className={classes.filter}
      />
      <Text size="sm" c="dimmed" mt={4} role="status">
        {value !== "" && t("filter.found", { count: found })}
      </Text>
    </div>
  );
}

/** Arrow keys go up and down through the field and the servers. */
function moveBetweenRows(event: KeyboardEvent<HTMLElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.indexOf(event.target as HTMLElement);
  const next = rows[at + step];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}

/** Why the list may be old. */
function ListProblem({ groups }: { groups: Schema["GuildGroups"] }) {
  const { t } = useTranslation("servers");
  if (!groups.problem) return null;
  const again = groups.problem === "sign_in_again";
  return (
    <Alert
      color="yellow"
      icon={<IconAlertTriangle />}
      title={t(again ? "problem.signInAgainTitle" : "problem.discordTitle")}
    >
      <Text size="sm">{t(again ? "problem.signInAgainText" : "problem.discordText")}</Text>
      {again && (
        <Button component="a" href={leave.login(paths.servers)} size="xs" variant="default" mt="sm">
          {t("problem.signInAgain")}
        </Button>
      )}
    </Alert>
  );
}

function NoServers() {
  const { t } = useTranslation("servers");
  return (
    <EmptyState
      icon={<IconServerOff size={40} />}
      title={t("empty.title")}
      text={t("empty.text")}
      actions={
        <Group gap="sm" justify="center">
          <Anchor
            href="https://support.discord.com/hc/articles/204849977"
            target="_blank"
            rel="noopener noreferrer"
          >
            {t("empty.create")}
          </Anchor>
          <Anchor href={leave.login(paths.servers)}>{t("empty.other")}</Anchor>
        </Group>
      }
    />
  );
}

function Waiting() {
  return (
    <Stack gap="lg">
      <Skeleton height={36} />
      <div className={classes.rows}>
        {[1, 2, 3, 4].map((row) => (
          <Skeleton key={row} height={76} radius="md" />
        ))}
      </div>
    </Stack>
  );
}
