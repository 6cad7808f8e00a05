import { Alert, Anchor, Button, List, Skeleton, Stack, Text, ThemeIcon } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import {
  IconAlertTriangle,
  IconBrandTwitch,
  IconCheck,
  IconCircleCheck,
  IconX,
} from "@tabler/icons-react";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";
import type { Schema } from "~/api/client";
import { leave, paths } from "~/paths";
import { PublicCard, PublicFrame } from "~/shell/PublicFrame";
import { FeedGrants } from "~/ui/FeedGrants";
import { Loaded } from "~/ui/Loaded";
import { Time } from "~/ui/Time";

/** What a streamer sees who was sent an invite link; needs no account in the dashboard. */
export function InvitePage() {
  const { t } = useTranslation("invite");
  const { linked } = useSearch({ from: "/invite/$code" });
  useEffect(() => {
    document.title = `${t("title")} · StreamMaxing`;
  }, [t]);
  return <PublicFrame>{linked ? <Linked login={linked} /> : <Invited />}</PublicFrame>;
}

function Invited() {
  const { code } = useParams({ from: "/invite/$code" });
  const { error } = useSearch({ from: "/invite/$code" });
  const invite = useQuery(queries.invite(code));
  if (error === "invite_invalid" || isGone(invite.error)) return <Gone />;
  return (
    <Loaded query={invite} skeleton={<Waiting />}>
      {(found) => <Ask code={code} invite={found} error={error} />}
    </Loaded>
  );
}

function isGone(error: Error | null): boolean {
  return error instanceof Problem && (error.status === 404 || error.status === 400);
}

function Ask({
  code,
  invite,
  error,
}: {
  code: string;
  invite: Schema["InviteView"];
  error: string | undefined;
}) {
  const { t } = useTranslation("invite");
  const [feed, setFeed] = useState<string[]>([]);
  return (
    <PublicCard title={t("ask.title", { guild: invite.guild_name })}>
      {error && <LinkError error={error} />}
      <Text>{t("ask.text", { guild: invite.guild_name })}</Text>
      <List spacing="xs" center listStyleType="none">
        <Does yes>{t("ask.who")}</Does>
        <Does yes>{t("ask.followers")}</Does>
        <Does>{t("ask.noPost")}</Does>
        <Does>{t("ask.noSecrets")}</Does>
        <Does>{t("ask.noKeep")}</Does>
      </List>
      <FeedGrants value={feed} onChange={setFeed} />
      <Button
        component="a"
        href={leave.acceptInvite(code, feed)}
        size="md"
        leftSection={<IconBrandTwitch size={18} />}
      >
        {t("ask.link")}
      </Button>
      <Text size="sm" c="dimmed">
        {t("ask.undo")} {t("ask.expires")} <Time at={invite.expires_at} />.
      </Text>
    </PublicCard>
  );
}

/** A line with a tick or a cross, in words too. */
function Does({ yes = false, children }: { yes?: boolean; children: ReactNode }) {
  return (
    <List.Item
      icon={
        <ThemeIcon size={24} radius="xl" variant="light" color={yes ? "green" : "gray"} aria-hidden>
          {yes ? <IconCheck size={14} /> : <IconX size={14} />}
        </ThemeIcon>
      }
    >
      <Text component="span" lh={1.45}>
        {children}
      </Text>
    </List.Item>
  );
}

const CODES = [
  "access_denied",
  "consent_failed",
  "state_mismatch",
  "code_refused",
  "too_many_streamers",
  "rate_limited",
  "unavailable",
] as const;

function LinkError({ error }: { error: string }) {
  const { t } = useTranslation("invite");
  const code = CODES.find((known) => known === error) ?? "unknown";
  return (
    <Alert
      color={code === "access_denied" ? "yellow" : "red"}
      role="alert"
      icon={<IconAlertTriangle />}
      title={t(`error.${code}.title`)}
    >
      <Text size="sm">{t(`error.${code}.text`)}</Text>
    </Alert>
  );
}

/** A link that was used up by this very channel is gone, too: the name of the server may be missing. */
function Linked({ login }: { login: string }) {
  const { t } = useTranslation("invite");
  const { code } = useParams({ from: "/invite/$code" });
  const invite = useQuery({ ...queries.invite(code), retry: false });
  const guild = invite.data?.guild_name;
  return (
    <PublicCard title={t("linked.title")}>
      <Alert
        color="green"
        role="status"
        icon={<IconCircleCheck />}
        title={t("linked.who", { login })}
      >
        <Text size="sm">{guild ? t("linked.where", { guild }) : t("linked.whereUnknown")}</Text>
      </Alert>
      <Text>{t("linked.next")}</Text>
      <Text size="sm" c="dimmed">
        {t("linked.undo")}{" "}
        <Anchor
          href="https://www.twitch.tv/settings/connections"
          target="_blank"
          rel="noopener noreferrer"
          underline="always"
        >
          {t("linked.connections")}
        </Anchor>
      </Text>
    </PublicCard>
  );
}

function Gone() {
  const { t } = useTranslation("invite");
  return (
    <PublicCard title={t("gone.title")}>
      <Text c="dimmed">{t("gone.text")}</Text>
      <Text>{t("gone.next")}</Text>
      <Button component={Link} to={paths.landing} variant="default">
        {t("gone.about")}
      </Button>
    </PublicCard>
  );
}

function Waiting() {
  return (
    <Stack maw={560} mx="auto" mt="xl" gap="md">
      <Skeleton height={36} />
      <Skeleton height={160} />
      <Skeleton height={42} />
    </Stack>
  );
}
