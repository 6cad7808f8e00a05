import { Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import {
  IconCheck,
  IconClock,
  IconEyeOff,
  IconQuestionMark,
  IconSend,
  IconX,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { paths } from "~/paths";
import { Status } from "~/ui/Status";
import { Time } from "~/ui/Time";
import { causeOf, outcomeOf, type Line } from "./lines";
import classes from "./Bot.module.css";
import type texts from "./locale/en.json";

const LOOKS = {
  queued: { icon: IconClock, color: "blue" },
  sending: { icon: IconSend, color: "blue" },
  said: { icon: IconCheck, color: "green" },
  taken: { icon: IconCheck, color: "green" },
  hidden: { icon: IconEyeOff, color: "orange" },
  dropped: { icon: IconX, color: "red" },
  unknown: { icon: IconQuestionMark, color: "orange" },
} as const;

/** A line of the bot's, what it answers and what became of it. */
export function LineRow({
  channelId,
  line,
  now,
  command,
}: {
  channelId: string;
  line: Line;
  now: Date;
  /** Of what it is the answer; not of commands that are gone. */
  command: string | undefined;
}) {
  const { t } = useTranslation("bot");
  const outcome = outcomeOf(line, now);
  const { icon: Icon, color } = LOOKS[outcome];
  return (
    <li className={classes.line}>
      <div style={{ minWidth: 0 }}>
        <Text className={classes.said} dir="auto">
          {line.text}
        </Text>
        <Text size="sm" c="dimmed" component="div">
          <Time at={line.queued_at} /> · {t(`cause.${causeOf(line.cause)}`)}
          {command !== undefined && line.command_id != null && (
            <>
              {" · "}
              <Link
                to={paths.botCommand}
                params={{ channelId, commandId: line.command_id }}
                className={classes.link}
              >
                {command}
              </Link>
            </>
          )}
        </Text>
        <Why line={line} hidden={outcome === "hidden"} />
      </div>
      <Status icon={<Icon size={14} />} color={color}>
        {t(`outcome.${outcome}`)}
      </Status>
    </li>
  );
}

/** Why a line was not said, or waits. */
function Why({ line, hidden }: { line: Line; hidden: boolean }) {
  const { t } = useTranslation("bot");
  if (hidden) return <Text size="sm">{t("reason.hidden")}</Text>;
  if (line.reason == null) return null;
  const known = t(`reason.${line.reason as keyof (typeof texts)["reason"]}`, { defaultValue: "" });
  return (
    <Text size="sm">
      {known === "" ? t("reason.other", { code: line.reason }) : known}
      {/* Where we have words of our own, Twitch's add nothing. */}
      {known === "" && line.detail != null && <span lang="en"> {line.detail}</span>}
    </Text>
  );
}
