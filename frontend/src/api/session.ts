import { queryOptions } from "@tanstack/react-query";
import { api, ask } from "./client";

/** Whether a request was answered with "signed out" since the last sign-in. */
export const sessionEnded = createFlag();

function createFlag() {
  let value = false;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (next: boolean) => {
      if (value === next) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Who is signed in. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => ask(api.GET("/api/auth/me", { signal })),
  staleTime: 5 * 60_000,
});

const CHANNEL = "streammaxing-session";

/** Tells the other tabs that somebody has signed in. */
export function announceSignIn() {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("signed-in");
  channel.close();
}

/** Calls back when somebody has signed in in another tab. */
export function onSignIn(callback: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener("message", callback);
  return () => channel.close();
}
