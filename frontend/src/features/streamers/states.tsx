import { Button, Group, Text, Tooltip } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCheck,
  IconCircle,
  IconCircleFilled,
  IconLink,
  IconLoader,
  IconPlayerPause,
  IconRefresh,
  IconUser,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { Status } from "~/ui/Status";
import type texts from "./locale/en.json";
import classes from "./states.module.css";
import { useRetry } from "./useRowWrites";

type Item = Schema["StreamerItem"];

/** Live or not: a filled or an empty dot, and the word. */
export function LiveState({ live }: { live: boolean }) {
  const { t } = useTranslation("streamers");
  return (
    <Text component="span" size="sm" className={classes.live} data-live={live || undefined}>
      {live ? <IconCircleFilled size={10} aria-hidden /> : <IconCircle size={10} aria-hidden />}
      {t(live ? "live" : "offline")}
    </Text>
  );
}

/** Whether the streamer has authorised the app, or was added by name. */
export function LinkState({ linked }: { linked: boolean }) {
  const { t } = useTranslation("streamers");
  const Icon = linked ? IconLink : IconUser;
  return (
    <Tooltip label={t(linked ? "linkedAbout" : "byNameAbout")} multiline maw={300}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the tooltip is for keyboards too */}
      <Text component="span" size="sm" c="dimmed" className={classes.live} tabIndex={0}>
        <Icon size={14} aria-hidden />
        {t(linked ? "linked" : "byName")}
      </Text>
    </Tooltip>
  );
}

/** Whether Twitch tells us when the stream begins. */
export function SubscriptionState({ streamer }: { streamer: Item }) {
  const { t } = useTranslation("streamers");
  if (!streamer.exists) {
    return (
      <Status color="red" icon={<IconAlertTriangle size={14} />}>
        {t("subscription.gone")}
      </Status>
    );
  }
  if (streamer.subscription === "failed") {
    return (
      <Status color="red" icon={<IconAlertTriangle size={14} />}>
        {t("subscription.failed")}
      </Status>
    );
  }
  if (streamer.subscription === "pending") {
    return (
      <Status color="yellow" icon={<IconLoader size={14} />}>
        {t("subscription.pending")}
      </Status>
    );
  }
  return (
    <Status color="green" icon={<IconCheck size={14} />}>
      {t("subscription.enabled")}
    </Status>
  );
}

/** The server does not announce the streamer. */
export function OffState() {
  const { t } = useTranslation("streamers");
  return (
    <Status color="gray" icon={<IconPlayerPause size={14} />}>
      {t("off")}
    </Status>
  );
}

/** What keeps a streamer from being announced, and what to do; nothing when all is well. */
function useTroubles(): (streamer: Item) => string[] {
  const { t } = useTranslation("streamers");
  return (streamer) => {
    const troubles: string[] = [];
    if (!streamer.exists) troubles.push(t("trouble.gone"));
    else if (streamer.subscription === "failed") {
      const code = streamer.subscription_reason as keyof (typeof texts)["subscriptionReasons"];
      const words = streamer.subscription_error ?? "–";
      const reason = t(`subscriptionReasons.${code}`, { defaultValue: words });
      troubles.push(t("trouble.failed", { reason }));
    }
    if (streamer.degraded > 0) troubles.push(t("trouble.degraded", { count: streamer.degraded }));
    return troubles;
  };
}

/** Those troubles, one a line, and another try where that may help. */
export function Troubles({
  guildId,
  streamer,
  className,
}: {
  guildId: string;
  streamer: Item;
  className?: string;
}) {
  const troubles = useTroubles()(streamer);
  if (troubles.length === 0) return null;
  return (
    <div className={className}>
      {troubles.map((text) => (
        <Group key={text} gap={6} wrap="nowrap" align="flex-start" className={classes.trouble}>
          <IconAlertTriangle size={16} aria-hidden className={classes.icon} />
          <Text size="sm">{text}</Text>
        </Group>
      ))}
      {streamer.exists && streamer.subscription === "failed" && (
        <RetryButton guildId={guildId} streamer={streamer} />
      )}
    </div>
  );
}

/** Asks Twitch again at once, for who does not want to wait. */
function RetryButton({ guildId, streamer }: { guildId: string; streamer: Item }) {
  const { t } = useTranslation("streamers");
  const retry = useRetry(guildId, streamer);
  return (
    <Button
      size="xs"
      mt={6}
      variant="default"
      leftSection={<IconRefresh size={14} />}
      loading={retry.isPending}
      onClick={() => retry.mutate()}
      aria-label={t("retry.label", { name: streamer.display_name })}
    >
      {t("retry.action")}
    </Button>
  );
}
