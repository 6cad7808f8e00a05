import { Code, Stack, Text } from "@mantine/core";
import {
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconInfoCircle,
  IconPlayerPause,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Trans, useTranslation } from "react-i18next";
import { Card } from "~/ui/Card";
import { Status } from "~/ui/Status";
import { Time } from "~/ui/Time";
import type { BotChannel } from "./queries";
import classes from "./Bot.module.css";
import type texts from "./locale/en.json";

/** Whether the bot hears, may speak and moderates; what to do where not. */
export function HealthCard({ channel }: { channel: BotChannel }) {
  const { t } = useTranslation("bot");
  return (
    <Card title={t("health.title")}>
      <ul className={classes.list} aria-label={t("health.title")}>
        <Hears channel={channel} />
        <Speaks channel={channel} />
        <Moderates channel={channel} />
      </ul>
    </Card>
  );
}

function Row({ status, children }: { status: ReactNode; children: ReactNode }) {
  return (
    <li>
      <Stack gap={4} align="flex-start">
        {status}
        <Text size="sm" c="dimmed" component="div">
          {children}
        </Text>
      </Stack>
    </li>
  );
}

const good = <IconCircleCheck size={14} />;
const bad = <IconCircleX size={14} />;

function Hears({ channel }: { channel: BotChannel }) {
  const { t } = useTranslation("bot");
  if (channel.hears === "enabled")
    return (
      <Row
        status={
          <Status icon={good} color="green">
            {t("health.hears")}
          </Status>
        }
      >
        {t("health.hearsText")}
      </Row>
    );
  if (channel.hears === "failed")
    return (
      <Row
        status={
          <Status icon={bad} color="red">
            {t("health.deaf")}
          </Status>
        }
      >
        {t("health.deafText")}
        {channel.hears_error != null && <Code ml={4}>{channel.hears_error}</Code>}
      </Row>
    );
  return (
    <Row
      status={
        <Status icon={<IconClock size={14} />} color="blue">
          {t("health.coming")}
        </Status>
      }
    >
      {t("health.comingText")}
    </Row>
  );
}

function Speaks({ channel }: { channel: BotChannel }) {
  const { t } = useTranslation("bot");
  if (channel.bot_login == null)
    return (
      <Row
        status={
          <Status icon={bad} color="red">
            {t("health.mute")}
          </Status>
        }
      >
        {t("health.muteText")}
      </Row>
    );
  if (channel.paused_until != null) {
    const reason = channel.pause_reason as keyof (typeof texts)["pause"] | null | undefined;
    return (
      <Row
        status={
          <Status icon={<IconPlayerPause size={14} />} color="orange">
            {t("health.paused")}
          </Status>
        }
      >
        {reason != null && `${t(`pause.${reason}`, { defaultValue: reason })} `}
        {t("health.pausedText")} <Time at={channel.paused_until} />
      </Row>
    );
  }
  return (
    <Row
      status={
        <Status icon={good} color="green">
          {t("health.speaks")}
        </Status>
      }
    >
      {t("health.speaksText", { login: channel.bot_login })}
    </Row>
  );
}

function Moderates({ channel }: { channel: BotChannel }) {
  const { t } = useTranslation("bot");
  if (channel.moderator)
    return (
      <Row
        status={
          <Status icon={good} color="green">
            {t("health.moderates")}
          </Status>
        }
      >
        {t("health.moderatesText")}
      </Row>
    );
  return (
    <Row
      status={
        <Status icon={<IconInfoCircle size={14} />} color="gray">
          {t("health.noModerator")}
        </Status>
      }
    >
      <Trans
        t={t}
        i18nKey="health.noModeratorText"
        values={{ command: `/mod ${channel.bot_login ?? ""}`.trim() }}
        components={{ code: <Code /> }}
      />
    </Row>
  );
}
