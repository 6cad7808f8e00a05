import { IconCheck, IconClock, IconPlayerPause, IconPlugOff, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Status } from "~/ui/Status";
import type { BotChannel } from "./queries";

/** How the bot is in a channel. */
export type Standing = "on" | "coming" | "deaf" | "paused" | "mute" | "leaving" | "left";

/** The one thing that is worth knowing first. */
export function standingOf(channel: BotChannel): Standing {
  if (channel.state === "leaving" || channel.state === "left") return channel.state;
  if (channel.bot_login == null) return "mute";
  if (channel.hears === "failed") return "deaf";
  if (channel.hears !== "enabled") return "coming";
  return channel.paused_until != null ? "paused" : "on";
}

const LOOKS = {
  on: { icon: IconCheck, color: "green" },
  coming: { icon: IconClock, color: "blue" },
  paused: { icon: IconPlayerPause, color: "orange" },
  deaf: { icon: IconX, color: "red" },
  mute: { icon: IconX, color: "red" },
  leaving: { icon: IconClock, color: "gray" },
  left: { icon: IconPlugOff, color: "gray" },
} as const;

/** How the bot is in a channel, in a word. */
export function StateBadge({ channel }: { channel: BotChannel }) {
  const { t } = useTranslation("bot");
  const standing = standingOf(channel);
  const { icon: Icon, color } = LOOKS[standing];
  return (
    <Status icon={<Icon size={14} />} color={color}>
      {t(`standing.${standing}`)}
    </Status>
  );
}
