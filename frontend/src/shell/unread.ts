import { useQuery } from "@tanstack/react-query";
import { queries } from "~/api/queries";
import { unreadIn } from "~/api/unread";
import { PUBLIC_ROOM } from "./public-room";
import { useIsQuiet } from "./quiet-rooms";

/** How many messages of others are unread in a room, as far as it is counted. */
export function useUnread(room: string): number {
  // Counted elsewhere: this is looked up alone.
  const { data } = useQuery({ ...queries.unread(room), enabled: false });
  const quiet = useIsQuiet(room);
  if (!data || quiet) return 0;
  // Who was never in everybody's room has not left anything unread.
  return room === PUBLIC_ROOM && data.readTo === 0 ? 0 : unreadIn(data);
}
