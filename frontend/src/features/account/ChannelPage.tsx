import { Alert, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconAlertTriangle, IconBrandTwitch, IconCheck } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { leave, paths } from "~/paths";
import { Card } from "~/ui/Card";
import { ConfirmDialog } from "~/ui/ConfirmDialog";
import { FEED_GRANTS, FeedGrants } from "~/ui/FeedGrants";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { RemoteImage } from "~/ui/RemoteImage";
import { toast } from "~/ui/toast";
import { GrantRow } from "./GrantRow";
import classes from "./account.module.css";
import type texts from "./locale/en.json";

type Channel = Schema["OwnChannel"];

/** One's own channels on Twitch, and what their feeds may show. */
export function ChannelPage() {
  const { t } = useTranslation("account");
  const channels = useQuery(queries.ownChannels);
  return (
    <Page title={t("channel.title")} text={t("channel.text")}>
      <Arrival />
      <Loaded query={channels} skeleton={<Skeleton height={280} radius="md" />}>
        {(all) => (
          <Stack gap="md">
            {all.map((channel) => (
              <ChannelCard key={channel.streamer_id} channel={channel} />
            ))}
            <LinkCard another={all.length > 0} />
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

/** What came of linking, when Twitch has sent the browser back. */
function Arrival() {
  const { t } = useTranslation("account");
  const common = useTranslation();
  const { linked, error } = useSearch({ from: "/app/me/channel" });
  const navigate = useNavigate({ from: paths.ownChannel });
  const close = {
    withCloseButton: true,
    closeButtonLabel: common.t("close"),
    onClose: () => void navigate({ search: {}, replace: true }),
  };
  if (linked) {
    return (
      <Alert color="green" role="status" icon={<IconCheck />} {...close}>
        {t("channel.linked", { login: linked })}
      </Alert>
    );
  }
  if (!error) return null;
  return (
    <Alert
      color={error === "access_denied" ? "yellow" : "red"}
      role="alert"
      icon={<IconAlertTriangle />}
      title={t("channel.notLinked")}
      {...close}
    >
      {t(`channel.errors.${error as keyof (typeof texts)["channel"]["errors"]}`, {
        defaultValue: t("channel.errors.unavailable"),
      })}
    </Alert>
  );
}

function ChannelCard({ channel }: { channel: Channel }) {
  const { t } = useTranslation("account");
  const lost = channel.grant_again.length > 0;
  return (
    <Card title={channel.display_name}>
      <Group gap="sm" mb="sm" wrap="nowrap">
        <RemoteImage src={channel.avatar_url} name={channel.display_name} size={40} />
        <Text size="sm" c="dimmed">
          {t("channel.public")}
        </Text>
      </Group>
      {lost && (
        <Alert color="orange" role="status" icon={<IconAlertTriangle />} mb="sm">
          {t("channel.lost")}
        </Alert>
      )}
      <ul className={classes.grants} aria-label={t("channel.grants")}>
        {FEED_GRANTS.map((grant) => (
          <GrantRow key={grant.name} channel={channel} grant={grant} />
        ))}
      </ul>
      <Unlink channel={channel} />
    </Card>
  );
}

function Unlink({ channel }: { channel: Channel }) {
  const { t } = useTranslation("account");
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const name = channel.display_name;
  const unlink = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE("/api/users/me/channel/{streamer_id}", {
          params: { path: { streamer_id: channel.streamer_id } },
        }),
      ),
    onSuccess: () => {
      setAsking(false);
      toast({ message: t("channel.unlink.done", { name }) });
    },
    onSettled: () => client.invalidateQueries({ queryKey: queries.ownChannels.queryKey }),
  });
  return (
    <>
      <Button
        variant="default"
        size="xs"
        mt="md"
        aria-label={t("channel.unlink.label", { name })}
        onClick={() => setAsking(true)}
      >
        {t("channel.unlink.button")}
      </Button>
      <ConfirmDialog
        opened={asking}
        title={t("channel.unlink.title", { name })}
        action={t("channel.unlink.button")}
        busy={unlink.isPending}
        error={unlink.error}
        onConfirm={() => unlink.mutate()}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("channel.unlink.text")}</Text>
      </ConfirmDialog>
    </>
  );
}

function LinkCard({ another }: { another: boolean }) {
  const { t } = useTranslation("account");
  const [feed, setFeed] = useState<string[]>([]);
  return (
    <Card title={t(another ? "channel.link.another" : "channel.link.title")}>
      <Stack gap="md" align="flex-start">
        <Text>{t(another ? "channel.link.anotherText" : "channel.link.text")}</Text>
        <FeedGrants value={feed} onChange={setFeed} />
        <Button
          component="a"
          href={leave.linkChannel(feed)}
          variant={another ? "default" : "filled"}
          leftSection={<IconBrandTwitch size={18} />}
        >
          {t("channel.link.button")}
        </Button>
      </Stack>
    </Card>
  );
}
