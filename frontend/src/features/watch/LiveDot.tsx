import { Text } from "@mantine/core";
import { IconCircle, IconCircleDashed, IconCircleFilled } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./Watch.module.css";

/** Live, not live, or not known: told by shape, word and colour. */
export function LiveDot({ live }: { live: boolean | null | undefined }) {
  const { t } = useTranslation("watch");
  const Icon = live == null ? IconCircleDashed : live ? IconCircleFilled : IconCircle;
  return (
    <Text
      component="span"
      size="sm"
      className={classes.state}
      data-live={live || undefined}
      c={live ? undefined : "dimmed"}
    >
      <Icon size={12} aria-hidden />
      {t(live == null ? "state.unknown" : live ? "state.live" : "state.offline")}
    </Text>
  );
}
