import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconAlertTriangle, IconBrandTwitch, IconCheck, IconMinus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";
import { leave } from "~/paths";
import type { FEED_GRANTS } from "~/ui/FeedGrants";
import { ProblemAlert } from "~/ui/ProblemCard";
import { Status } from "~/ui/Status";
import { toast } from "~/ui/toast";
import { standingOf, wantedWith } from "./grants";
import classes from "./account.module.css";

const LOOKS = {
  granted: { icon: IconCheck, color: "green" },
  again: { icon: IconAlertTriangle, color: "orange" },
  none: { icon: IconMinus, color: "gray" },
} as const;

/** Something that a feed may show, or not: why Twitch is asked, how it stands, and what can be done. */
export function GrantRow({
  channel,
  grant: { name: grant, scope },
}: {
  channel: Schema["OwnChannel"];
  grant: (typeof FEED_GRANTS)[number];
}) {
  const { t } = useTranslation("account");
  const common = useTranslation();
  const client = useQueryClient();
  const standing = standingOf(channel, grant);
  const { icon: Icon, color } = LOOKS[standing];
  const name = common.t(`grants.${grant}.name`);
  const remove = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE("/api/users/me/channel/{streamer_id}", {
          params: { path: { streamer_id: channel.streamer_id }, query: { grant } },
        }),
      ),
    onSuccess: () => toast({ message: t("channel.removed", { name }) }),
    onSettled: () => client.invalidateQueries({ queryKey: queries.ownChannels.queryKey }),
  });
  return (
    <li className={classes.grant}>
      <div className={classes.grantWords}>
        <Group gap="xs">
          <Text fw={600}>{name}</Text>
          <Status icon={<Icon size={14} />} color={color}>
            {t(`channel.standing.${standing}`)}
          </Status>
        </Group>
        <Text size="sm" c="dimmed">
          {common.t(`grants.${grant}.why`, { scope })}
        </Text>
        {remove.error instanceof Problem && <ProblemAlert problem={remove.error} />}
      </div>
      <Group gap="xs">
        {standing !== "granted" && (
          <Button
            component="a"
            size="xs"
            href={leave.linkChannel(wantedWith(channel, grant))}
            leftSection={<IconBrandTwitch size={14} />}
            aria-label={t(`channel.grantLabel.${standing}`, { name })}
          >
            {t(`channel.grant.${standing}`)}
          </Button>
        )}
        {standing !== "none" && (
          <Button
            size="xs"
            variant="default"
            loading={remove.isPending}
            aria-label={t("channel.removeLabel", { name })}
            onClick={() => remove.mutate()}
          >
            {t("channel.remove")}
          </Button>
        )}
      </Group>
    </li>
  );
}
