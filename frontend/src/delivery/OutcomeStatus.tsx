import {
  IconAlertTriangle,
  IconCheck,
  IconClockOff,
  IconClockPause,
  IconFlask,
  IconGitMerge,
  IconHelp,
  IconPencil,
  IconPlayerSkipForward,
  IconRefresh,
  IconSend,
  IconTrash,
  IconX,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Status } from "~/ui/Status";
import { Countdown } from "./Countdown";
import { outcomeOf, type Delivery, type Outcome } from "./outcome";

const LOOKS: Record<Outcome, { icon: typeof IconCheck; color: string }> = {
  posted: { icon: IconCheck, color: "green" },
  partial: { icon: IconAlertTriangle, color: "yellow" },
  unpinged: { icon: IconAlertTriangle, color: "yellow" },
  merged: { icon: IconGitMerge, color: "teal" },
  edited: { icon: IconPencil, color: "teal" },
  deleted: { icon: IconTrash, color: "teal" },
  tested: { icon: IconFlask, color: "blue" },
  testFailed: { icon: IconX, color: "red" },
  waiting: { icon: IconClockPause, color: "violet" },
  retrying: { icon: IconRefresh, color: "orange" },
  sending: { icon: IconSend, color: "violet" },
  skipped: { icon: IconPlayerSkipForward, color: "gray" },
  failed: { icon: IconX, color: "red" },
  expired: { icon: IconClockOff, color: "orange" },
  unknown: { icon: IconHelp, color: "gray" },
};

/** What a delivery came to, at a glance. */
export function OutcomeStatus({ delivery }: { delivery: Delivery }) {
  const { t } = useTranslation("delivery");
  const outcome = outcomeOf(delivery);
  const { icon: Icon, color } = LOOKS[outcome];
  const counts = outcome === "retrying" && delivery.next_attempt_at;
  return (
    <Status icon={<Icon size={14} aria-hidden />} color={color}>
      {counts ? <Countdown key={counts} until={counts} /> : t(`outcomes.${outcome}`)}
    </Status>
  );
}
