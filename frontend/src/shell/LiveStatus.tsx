import { Tooltip, VisuallyHidden } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useLiveSession, useSocketState } from "~/api/live";
import { meQuery } from "~/api/session";
import { useWhereabouts } from "~/presence/useWhereabouts";
import { useUnreadCounts } from "./unread-counts";
import classes from "./LiveStatus.module.css";

/**
 * Keeps the socket for as long as one person is signed in, and says whether the page is told what happens; nothing
 * where no page wants to be.
 */
export default function LiveStatus({
  me,
  guildId,
  confirmedAt,
}: {
  me: string;
  /** The server whose pages are looked at. */
  guildId: string | undefined;
  /** When they were last seen to be signed in. */
  confirmedAt: number;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  useLiveSession(confirmedAt, () => {
    void client.invalidateQueries({ queryKey: meQuery.queryKey });
  });
  useWhereabouts();
  useUnreadCounts(guildId, me);
  const state = useSocketState();
  if (state === "idle") return null;
  return (
    <Tooltip label={t(`live.${state}Text`)}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the tooltip is for keyboards too */}
      <span className={classes.state} data-state={state} tabIndex={0}>
        <span className={classes.dot} aria-hidden />
        <span className={classes.word} aria-hidden>
          {t(`live.${state}`)}
        </span>
        <VisuallyHidden>{t(`live.${state}Text`)}</VisuallyHidden>
      </span>
    </Tooltip>
  );
}
