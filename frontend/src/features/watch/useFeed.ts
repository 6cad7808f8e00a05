import { useQuery } from "@tanstack/react-query";
import { useEffect, useReducer, useRef, useState } from "react";
import { api, ask } from "~/api/client";
import { useTopic } from "~/api/live";
import { queries } from "~/api/queries";
import { after, EMPTY, ofEvent, type Happening, type Kind } from "./feed";

/** How often the feed is looked at where no socket tells of it. */
const POLL_MS = 10_000;
const OLDER = 50;
/** What comes within this is drawn together. */
const TOGETHER_MS = 200;

/**
 * A channel's feed of some kinds, kept up to date: `kinds` is their list as the API takes it, undefined all of them.
 *
 * `onHappened` hears of everything that is new, paused or not, as long as it is live.
 */
export function useFeed(
  streamerId: string,
  kinds: string | undefined,
  onHappened: (happenings: readonly Happening[], paused: boolean) => void,
) {
  const [feed, dispatch] = useReducer(after, EMPTY);
  const [loaded, setLoaded] = useState(kinds);
  if (loaded !== kinds) {
    setLoaded(kinds);
    dispatch({ type: "restarted" });
  }
  const wanted = new Set(kinds?.split(","));
  const seen = (kind: Kind) => kinds === undefined || wanted.has(kind);
  const batch = useBatch((happenings) => {
    dispatch({ type: "happened", happenings: happenings.filter(({ kind }) => seen(kind)) });
    onHappened(happenings, feed.paused);
  });
  // The history tells where it stands, and the socket begins there: nothing falls in between.
  const topic = useTopic(feed.place && `feed:${streamerId}`, {
    from: feed.place ?? undefined,
    onEvents: (events) => batch(events.flatMap(ofEvent)),
    onReset: () => void newest.refetch(),
  });
  const newest = useQuery({
    ...queries.feed(streamerId, kinds),
    enabled: kinds !== "",
    refetchInterval: topic === "none" ? POLL_MS : false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  useEffect(() => {
    if (newest.data) dispatch({ type: "newest", page: newest.data });
  }, [newest.data]);

  const [loadingOlder, setLoadingOlder] = useState(false);
  const [olderFailed, setOlderFailed] = useState(false);
  const loading = useRef(false);
  const loadOlder = async () => {
    if (feed.cursor === null || loading.current) return;
    loading.current = true;
    setLoadingOlder(true);
    setOlderFailed(false);
    try {
      const params = {
        path: { streamer_id: streamerId },
        query: { kinds, before: feed.cursor, limit: OLDER },
      };
      const page = await ask(api.GET("/api/feeds/{streamer_id}", { params }));
      dispatch({ type: "older", page });
    } catch {
      setOlderFailed(true);
    }
    loading.current = false;
    setLoadingOlder(false);
  };
  return {
    feed,
    topic,
    newest,
    loadingOlder,
    olderFailed,
    loadOlder,
    toggle: () => dispatch({ type: feed.paused ? "resumed" : "paused" }),
  };
}

export type LiveFeed = ReturnType<typeof useFeed>;

/** Collects what comes one by one, and hands it over now and then. */
function useBatch(onBatch: (happenings: readonly Happening[]) => void) {
  const batch = useRef<Happening[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef(onBatch);
  useEffect(() => {
    latest.current = onBatch;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return (happenings: readonly Happening[]) => {
    batch.current.push(...happenings);
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current(batch.current.splice(0));
    }, TOGETHER_MS);
  };
}
