import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconBrandTwitch, IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { leave, paths } from "~/paths";
import { Card } from "~/ui/Card";
import { TextLink } from "~/ui/links";
import { Page } from "~/ui/Page";
import { Time } from "~/ui/Time";
import { AccountCard } from "./AccountCard";
import { HealthCard } from "./HealthCard";
import { InviteCard } from "./InviteCard";
import { LeaveButton } from "./LeaveButton";
import type { BotChannel } from "./queries";
import { StateBadge } from "./StateBadge";
import { useBotChannel } from "./useBotChannel";
import type texts from "./locale/en.json";

/** Whether the bot is in a channel, as whom, and how it is. */
export function StatePage() {
  const { t } = useTranslation("bot");
  const channel = useBotChannel();
  if (!channel) return null;
  const isOn = channel.state === "on";
  return (
    <Page title={t("state.title", { name: channel.display_name })} text={t("text")}>
      <Arrival channel={channel} />
      <StateCard channel={channel} />
      {isOn && <HealthCard channel={channel} />}
      {isOn && <AccountCard channel={channel} />}
      {isOn && <InviteCard another />}
    </Page>
  );
}

/** What came of a visit to Twitch. */
function Arrival({ channel }: { channel: BotChannel }) {
  const { t } = useTranslation("bot");
  const { t: common } = useTranslation();
  const { linked } = useSearch({ from: "/app/me/bot/$channelId/" });
  const navigate = useNavigate({ from: paths.botChannel });
  if (linked === undefined) return null;
  return (
    <Alert
      color="green"
      role="status"
      icon={<IconCheck />}
      withCloseButton
      closeButtonLabel={common("close")}
      onClose={() => void navigate({ search: {}, replace: true })}
    >
      {t(linked === channel.login ? "state.arrived" : "state.speaksNow", { login: linked })}
    </Alert>
  );
}

function StateCard({ channel }: { channel: BotChannel }) {
  const { t } = useTranslation("bot");
  const reason = channel.reason as keyof (typeof texts)["left"] | null | undefined;
  const isOn = channel.state === "on";
  return (
    <Card title={t("state.card")}>
      <Stack gap="sm" align="flex-start">
        <Group gap="sm">
          <StateBadge channel={channel} />
          <Text size="sm" c="dimmed" component="span">
            {isOn ? t("state.since") : t("state.until")}{" "}
            <Time at={(isOn ? null : channel.left_at) ?? channel.joined_at} />
          </Text>
        </Group>
        {!isOn && reason != null && (
          <Text>{t(`left.${reason}`, { defaultValue: t("left.owner") })}</Text>
        )}
        {isOn ? (
          <>
            <Text size="sm">
              {t("state.next")}{" "}
              <TextLink to={paths.botCommands} params={{ channelId: channel.channel_id }}>
                {t("state.toCommands")}
              </TextLink>
            </Text>
            <LeaveButton channel={channel} />
          </>
        ) : (
          <>
            <Text size="sm" c="dimmed">
              {t("state.kept")}
            </Text>
            {channel.state === "left" && (
              <Button
                component="a"
                href={leave.letBotIn}
                leftSection={<IconBrandTwitch size={18} />}
              >
                {t("state.again")}
              </Button>
            )}
          </>
        )}
      </Stack>
    </Card>
  );
}
