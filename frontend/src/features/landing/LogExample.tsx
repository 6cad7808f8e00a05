import { Text } from "@mantine/core";
import { IconArrowMerge, IconCheck, IconClock, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Status } from "~/ui/Status";
import classes from "./LandingPage.module.css";

type Row = "posted" | "failed" | "merged" | "quiet";

const ROWS: { name: Row; color: string; icon: ReactNode; who: string; where: string }[] = [
  { name: "posted", color: "green", icon: <IconCheck size={14} />, who: "mira", where: "live-now" },
  {
    name: "failed",
    color: "red",
    icon: <IconX size={14} />,
    who: "dov",
    where: "announcements",
  },
  {
    name: "merged",
    color: "blue",
    icon: <IconArrowMerge size={14} />,
    who: "mira",
    where: "live-now",
  },
  { name: "quiet", color: "gray", icon: <IconClock size={14} />, who: "sol", where: "live-now" },
];

/** Lines of a delivery log: each has an outcome and a reason. */
export function LogExample() {
  const { t } = useTranslation("landing");
  return (
    <ul className={classes.log}>
      {ROWS.map(({ name, color, icon, who, where }) => (
        <li key={name}>
          <Status icon={icon} color={color}>
            {t(`log.${name}.status`)}
          </Status>
          <Text fw={600} component="span" className={classes.who}>
            {who}{" "}
            <Text component="span" c="dimmed" fw={400}>
              → #{where}
            </Text>
          </Text>
          <Text size="sm" className={classes.reason}>
            {t(`log.${name}.reason`)}
          </Text>
        </li>
      ))}
    </ul>
  );
}
