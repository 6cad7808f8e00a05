import type { Schema } from "~/api/client";

/** What the list can be narrowed to. */
export const states = ["all", "live", "trouble", "off"] as const;
export type State = (typeof states)[number];

/** Whether a streamer is to be seen under a filter. */
export function matches(streamer: Schema["StreamerItem"], q: string, state: State): boolean {
  const wanted = q.trim().toLowerCase();
  const named =
    streamer.login.includes(wanted) || streamer.display_name.toLowerCase().includes(wanted);
  return named && isIn(streamer, state);
}

function isIn(streamer: Schema["StreamerItem"], state: State): boolean {
  switch (state) {
    case "all":
      return true;
    case "live":
      return streamer.live;
    case "trouble":
      return !streamer.exists || streamer.subscription === "failed" || streamer.degraded > 0;
    case "off":
      return !streamer.enabled;
  }
}
