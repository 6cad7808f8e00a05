import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTopic } from "~/api/live";
import { queries } from "~/api/queries";
import { afterEvents, afterReading, onRead, type Unread } from "~/api/unread";
import { setTitleCount } from "~/ui/title";
import { PUBLIC_ROOM, useHasPublicRoom } from "./public-room";
import { useUnread } from "./unread";
import { useIsMember } from "./useIsMember";

/** How often it is counted anew where no socket tells of messages. */
const POLL_MS = 60_000;

/** Keeps count of what is unread in a server's room and in everybody's, also in the tab's title. */
export function useUnreadCounts(guildId: string | undefined, me: string) {
  const isMember = useIsMember(guildId);
  const hasPublicRoom = useHasPublicRoom();
  useCounting(isMember ? (guildId ?? null) : null, me);
  useCounting(hasPublicRoom ? PUBLIC_ROOM : null, me);
  const inServer = useUnread(guildId ?? "");
  const inPublic = useUnread(PUBLIC_ROOM);
  const sum = inServer + inPublic;
  useEffect(() => {
    setTitleCount(sum);
    return () => setTitleCount(0);
  }, [sum]);
}

function useCounting(room: string | null, me: string) {
  const client = useQueryClient();
  const query = queries.unread(room ?? "");
  const { queryKey } = query;
  const cached = client.getQueryData(queryKey);
  const take = (change: (unread: Unread) => Unread | null) => {
    const known = client.getQueryData(queryKey);
    if (!known) return;
    const next = change(known);
    if (next) client.setQueryData(queryKey, next);
    else void client.invalidateQueries({ queryKey });
  };
  const topic = useTopic(room !== null && cached ? `room:${room}` : null, {
    // It was counted up to here: what follows is told.
    from: cached?.place,
    onEvents: (events) => take((unread) => afterEvents(unread, events, me)),
    onReset: () => void client.invalidateQueries({ queryKey }),
  });
  useQuery({
    ...query,
    enabled: room !== null,
    refetchInterval: topic === "none" ? POLL_MS : false,
  });
  useEffect(
    () =>
      onRead(({ room: read, position }) => {
        if (read !== room) return;
        const known = client.getQueryData(queryKey);
        const next = known && afterReading(known, position);
        if (next) client.setQueryData(queryKey, next);
        else if (known) void client.invalidateQueries({ queryKey });
      }),
    // oxlint-disable-next-line react/exhaustive-deps -- the key follows from the room
    [client, room],
  );
}
