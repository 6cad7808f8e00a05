import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, ask } from "~/api/client";
import { Problem } from "~/api/problem";
import { meQuery } from "~/api/session";

const STORED = "streammaxing-was-here";

/** Notes in this browser whether somebody has signed in, for pages that need nobody signed in. */
export function noteSignIn(signedIn: boolean) {
  try {
    if (signedIn) localStorage.setItem(STORED, "1");
    else localStorage.removeItem(STORED);
  } catch {
    // Without storage public pages look the same to everybody.
  }
}

/**
 * Who is signed in, on a page that anybody may see; undefined for nobody, and while it is not known.
 *
 * Asks after the first paint, only where somebody was signed in before, and never calls a session ended.
 */
export function useSignedIn() {
  const client = useQueryClient();
  const [painted, setPainted] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setPainted(true), 0);
    return () => clearTimeout(timer);
  }, []);
  const { data } = useQuery({
    queryKey: ["signed-in"],
    queryFn: async ({ signal }) => {
      try {
        const me = await ask(api.GET("/api/auth/me", { signal }));
        client.setQueryData(meQuery.queryKey, me);
        return me;
      } catch (error) {
        if (error instanceof Problem && error.status === 401) {
          noteSignIn(false);
          return null;
        }
        throw error;
      }
    },
    enabled: painted && wasHere(),
    retry: false,
    staleTime: 60_000,
  });
  return data ?? undefined;
}

function wasHere(): boolean {
  try {
    return localStorage.getItem(STORED) !== null;
  } catch {
    return false;
  }
}
