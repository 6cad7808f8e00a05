import { Button, Group, Select, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconBrandTwitch, IconLink } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";
import { leave } from "~/paths";
import { CopyButton } from "~/ui/CopyButton";
import { FeedGrants } from "~/ui/FeedGrants";
import { Loaded } from "~/ui/Loaded";
import { ProblemAlert } from "~/ui/ProblemCard";
import { Time } from "~/ui/Time";
import classes from "./dialog.module.css";

const HOURS = ["24", "168", "720", "2160"] as const;
const USES = ["1", "5", "25", "any"] as const;

/** Links by which streamers add themselves, and the way to add one's own channel. */
export function InviteTab({ guildId }: { guildId: string }) {
  const { t } = useTranslation("streamers");
  const invites = useQuery(queries.invites(guildId));
  const [feed, setFeed] = useState<string[]>([]);
  return (
    <Stack gap="md">
      <Text size="sm">{t("invite.about")}</Text>
      <NewInvite guildId={guildId} />
      <Loaded query={invites} skeleton={<Skeleton height={80} radius="md" />}>
        {(all) => <ActiveInvites guildId={guildId} invites={all.filter(({ active }) => active)} />}
      </Loaded>
      <div className={classes.invite}>
        <Title order={3} size="h5">
          {t("invite.ownTitle")}
        </Title>
        <Text size="sm" c="dimmed" mb="xs">
          {t("invite.ownText")}
        </Text>
        <FeedGrants value={feed} onChange={setFeed} />
        <Button
          component="a"
          mt="sm"
          href={leave.linkStreamer(guildId, feed)}
          variant="default"
          leftSection={<IconBrandTwitch size={16} />}
        >
          {t("linkOwn")}
        </Button>
      </div>
    </Stack>
  );
}

function NewInvite({ guildId }: { guildId: string }) {
  const { t } = useTranslation("streamers");
  const client = useQueryClient();
  const [hours, setHours] = useState<string>("168");
  const [uses, setUses] = useState<string>("1");
  const create = useMutation({
    mutationFn: () =>
      ask(
        api.POST("/api/guilds/{guild_id}/invites", {
          params: { path: { guild_id: guildId } },
          body: { hours: Number(hours), max_uses: uses === "any" ? null : Number(uses) },
        }),
      ),
    onSuccess: (made) =>
      client.setQueryData(queries.invites(guildId).queryKey, (all) => [made, ...(all ?? [])]),
  });
  return (
    <Stack gap="sm">
      <Group align="flex-end" gap="sm">
        <Select
          label={t("invite.hours")}
          data={HOURS.map((value) => ({
            value,
            label: t("invite.days", { count: Number(value) / 24 }),
          }))}
          value={hours}
          onChange={(value) => value && setHours(value)}
          allowDeselect={false}
          w={140}
        />
        <Select
          label={t("invite.uses")}
          data={USES.map((value) => ({
            value,
            label:
              value === "any" ? t("invite.anyUses") : t("invite.times", { count: Number(value) }),
          }))}
          value={uses}
          onChange={(value) => value && setUses(value)}
          allowDeselect={false}
          w={170}
        />
        <Button
          leftSection={<IconLink size={16} />}
          loading={create.isPending}
          onClick={() => create.mutate()}
        >
          {t("invite.create")}
        </Button>
      </Group>
      <Text size="sm" role="status" hidden={!create.data}>
        {create.data && t("invite.created")}
      </Text>
      {create.error instanceof Problem && <ProblemAlert problem={create.error} />}
    </Stack>
  );
}

function ActiveInvites({ guildId, invites }: { guildId: string; invites: Schema["InviteItem"][] }) {
  const { t } = useTranslation("streamers");
  return (
    <div>
      <Title order={3} size="h5" mb="xs">
        {t("invite.active", { count: invites.length })}
      </Title>
      {invites.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("invite.none")}
        </Text>
      )}
      {invites.map((invite) => (
        <Invite key={invite.code} guildId={guildId} invite={invite} />
      ))}
    </div>
  );
}

/** Takes the focus of the button that it comes in place of. */
const focus = (button: HTMLButtonElement | null) => button?.focus();

function Invite({ guildId, invite }: { guildId: string; invite: Schema["InviteItem"] }) {
  const { t } = useTranslation("streamers");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [asked, setAsked] = useState(false);
  const { queryKey } = queries.invites(guildId);
  const revoke = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE("/api/guilds/{guild_id}/invites/{code}", {
          params: { path: { guild_id: guildId, code: invite.code } },
        }),
      ),
    onSuccess: () =>
      client.setQueryData(queryKey, (all) => all?.filter(({ code }) => code !== invite.code)),
  });
  return (
    <div className={classes.invite}>
      <Text className={classes.link}>{invite.url}</Text>
      <Group justify="space-between" gap="xs" mt={4}>
        <Text size="sm" c="dimmed" component="div">
          {invite.max_uses
            ? t("invite.usedOf", { uses: invite.uses, max: invite.max_uses })
            : t("invite.used", { count: invite.uses })}
          {" · "}
          {t("invite.expires")} <Time at={invite.expires_at} />
          {invite.created_by && ` · ${t("invite.by", { name: invite.created_by })}`}
        </Text>
        {asking ? (
          <Group gap="xs" role="group" aria-label={t("invite.sure")}>
            <Text size="sm">{t("invite.sure")}</Text>
            <Button size="xs" variant="default" onClick={() => setAsking(false)}>
              {common("cancel")}
            </Button>
            <Button
              size="xs"
              color="red"
              ref={focus}
              loading={revoke.isPending}
              onClick={() => revoke.mutate()}
            >
              {t("invite.revoke")}
            </Button>
          </Group>
        ) : (
          <Group gap="xs">
            <CopyButton text={invite.url} label={t("invite.copy")} />
            <Button
              size="xs"
              variant="default"
              ref={asked ? focus : undefined}
              onClick={() => {
                setAsking(true);
                setAsked(true);
              }}
            >
              {t("invite.revoke")}
            </Button>
          </Group>
        )}
      </Group>
      {revoke.error instanceof Problem && <ProblemAlert problem={revoke.error} />}
    </div>
  );
}
