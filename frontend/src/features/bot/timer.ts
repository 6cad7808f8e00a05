import type { Schema } from "~/api/client";

export type Timer = Schema["ChatTimerView"];
export type TimerBody = Required<Schema["ChatTimerBody"]>;

/** A new one. */
export const newTimer = (): TimerBody => ({
  name: "",
  responses: [""],
  every_minutes: 15,
  min_lines: 5,
  enabled: true,
});

/** What the API takes of a timer. */
export const bodyOf = ({
  name,
  responses,
  every_minutes,
  min_lines,
  enabled,
}: Timer): TimerBody => ({ name, responses, every_minutes, min_lines, enabled });
