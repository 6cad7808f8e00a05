import { Tooltip } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { exact, relative } from "./time";

const TICK_MS = 10_000;
let present = new Date();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  present = new Date();
  timer ??= setInterval(() => {
    present = new Date();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The present, renewed every few seconds. */
export function useNow(): Date {
  return useSyncExternalStore(subscribe, () => present);
}

/** "3 min. ago"; the exact local time and UTC when pointed at or focused. */
export function Time({ at }: { at: string }) {
  const { i18n } = useTranslation();
  const moment = new Date(at);
  // Between two ticks things happen that are no news from the future.
  const now = useNow();
  const ahead = moment.getTime() - now.getTime();
  const reference = ahead > 0 && ahead < TICK_MS ? moment : now;
  const full = `${exact(moment, i18n.language)} · ${moment.toISOString().slice(0, 19)}Z`;
  return (
    <Tooltip label={full}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the tooltip is for keyboards too */}
      <time dateTime={at} tabIndex={0}>
        {relative(moment, reference, i18n.language)}
      </time>
    </Tooltip>
  );
}
