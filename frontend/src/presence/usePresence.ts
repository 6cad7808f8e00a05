import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Schema } from "~/api/client";
import { useTopic, type Present, type TopicEvent } from "~/api/live";
import { queries } from "~/api/queries";

/** How often the list is asked for where no socket tells of it. */
const POLL_MS = 20_000;

type List = Schema["PresenceList"];
type Person = List["people"][number];

/** Who is there, of a server's members, kept up to date. */
export function usePresence(
  guildId: string,
  { me, enabled = true }: { me: string; enabled?: boolean },
) {
  const client = useQueryClient();
  const query = queries.presence(guildId);
  const renew = () => void client.invalidateQueries({ queryKey: query.queryKey });
  const cached = client.getQueryData(query.queryKey);
  const topic = useTopic(enabled && cached ? `presence:${guildId}` : null, {
    // The list tells where it stands, and the socket begins there: nothing falls in between.
    from: cached?.place,
    onEvents: (events, place) => {
      client.setQueryData(query.queryKey, (list) => list && { ...after(list, events), place });
      const { queryKey } = queries.visibility;
      const invisible = client.getQueryData(queryKey)?.invisible;
      // It may have been chosen on another device.
      if (ownState(events, me) === invisible) void client.invalidateQueries({ queryKey });
    },
    onReset: renew,
  });
  const list = useQuery({
    ...query,
    enabled,
    retry: false,
    refetchInterval: topic === "none" ? POLL_MS : false,
    refetchOnWindowFocus: topic === "none",
    refetchOnReconnect: topic === "none",
  });
  return { list, topic };
}

/** Whether oneself is told of; undefined: nothing was said. */
function ownState(events: TopicEvent[], me: string): boolean | undefined {
  const own = events.findLast(
    (event) => event.kind === "presence" && event.data.user.user_id === me,
  );
  return own?.kind === "presence" ? own.data.online : undefined;
}

/** The list after somebody has come, gone or turned to another page. */
export function after(list: List, events: TopicEvent[]): List {
  const people = new Map(list.people.map((person) => [person.user.user_id, person]));
  let { online } = list;
  for (const event of events) {
    if (event.kind !== "presence") continue;
    const { user, online: isThere } = event.data;
    if (isThere) {
      if (!people.has(user.user_id)) online += 1;
      people.set(user.user_id, personOf(event.data));
    } else if (people.delete(user.user_id)) {
      online -= 1;
    }
  }
  return { ...list, people: [...people.values()].sort(byName), online };
}

function personOf({ user, page }: Present): Person {
  return { user: { ...user, avatar: user.avatar }, page };
}

const byName = (one: Person, other: Person) =>
  one.user.name.localeCompare(other.user.name) ||
  one.user.user_id.localeCompare(other.user.user_id);
