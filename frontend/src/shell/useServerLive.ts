import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useTopic, useTopicState, type TopicEvent } from "~/api/live";

/** What falls between the loading of a page and its first event is found by a look now and then. */
const LIVE_RENEW_MS = 60_000;
/** So often at most pages are asked for again. */
const AT_MOST_MS = 1000;

/** What pages have to ask for again, by what has changed; the log's pages stay where they are. */
const SHOWS = {
  deliveries: ["newest", "overview", "delivery"],
  streams: ["overview", "streamers", "streamer"],
  settings: ["overview", "config", "templates", "streamers", "streamer", "invites", "audit"],
} as const;

const isKnown = (what: string): what is keyof typeof SHOWS => what in SHOWS;

/** The queries of a server that show what has changed; a word that is not known may mean any. */
function shownBy(events: TopicEvent[]): Set<string> {
  const words = events.flatMap((event) =>
    event.kind === "changed" ? (event.data?.what ?? Object.keys(SHOWS)) : [],
  );
  const all = Object.values(SHOWS).flat();
  return new Set<string>(words.flatMap((what) => (isKnown(what) ? SHOWS[what] : all)));
}

/** Asks anew for what has changed in a server; null: not for this person. */
export function useServerLive(guildId: string | null) {
  const client = useQueryClient();
  const due = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const askedAt = useRef(-Infinity);
  const note = (queries: Iterable<string>) => {
    for (const query of queries) due.current.add(query);
    if (guildId === null || due.current.size === 0) return;
    timer.current ??= setTimeout(
      () => {
        timer.current = undefined;
        askedAt.current = Date.now();
        askAgain(client, guildId, new Set(due.current));
        due.current.clear();
      },
      Math.max(0, askedAt.current + AT_MOST_MS - Date.now()),
    );
  };
  useTopic(guildId === null ? null : `server:${guildId}`, {
    onEvents: (events) => note(shownBy(events)),
    onReset: () => note(Object.values(SHOWS).flat()),
  });
}

/** How often a page of a server looks for news by itself: seldom where the socket tells of it. */
export function useRenewal(guildId: string, ms: number): number {
  const isLive = useTopicState(`server:${guildId}`) === "live";
  return isLive ? Math.max(ms, LIVE_RENEW_MS) : ms;
}

function askAgain(client: QueryClient, guildId: string, queries: ReadonlySet<string>) {
  void client.invalidateQueries({
    predicate: ({ queryKey: [area, id, query] }) =>
      area === "guild" && id === guildId && queries.has(String(query)),
  });
}
