import { useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { api, ask } from "~/api/client";
import { live, useSocketState, type LookedAt } from "~/api/live";
import { useTitle } from "~/ui/title";

/** A page that is passed on the way to another is not told of. */
const SETTLE_MS = 300;
const BEAT_MS = 30_000;
/** What is told while somebody looks at a page that is nobody's business. */
const ELSEWHERE: LookedAt = { path: "/", title: "" };

/** The tab's own name for itself, where no socket speaks for it. */
const CLIENT_ID = crypto.randomUUID();

const isOfServer = (path: string) => /^\/s\/\d+(\/|$)/.test(path);

/** Tells the server which page somebody looks at: over the socket, or every half a minute where there is none. */
export function useWhereabouts() {
  const { pathname } = useLocation();
  const titled = useTitle();
  const inServer = isOfServer(pathname);
  const path = inServer ? pathname : ELSEWHERE.path;
  // The title of the page before says nothing of this one.
  const title = inServer && titled.path === pathname ? titled.text : ELSEWHERE.title;
  const beating = useSocketState() === "offline" && inServer;
  useEffect(() => {
    const timer = setTimeout(() => live.look({ path, title }), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [path, title]);
  useEffect(() => {
    if (!beating) return;
    const beat = () => {
      if (!navigator.onLine) return;
      const body = { client_id: CLIENT_ID, path, title };
      // The next one says it too.
      ask(api.PUT("/api/presence", { body })).catch(() => {});
    };
    const first = setTimeout(beat, SETTLE_MS);
    const timer = setInterval(beat, BEAT_MS);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [beating, path, title]);
}
