import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, ask } from "~/api/client";
import { queries } from "~/api/queries";

const CHANNEL = "streammaxing-visibility";

/** Whether others are told of somebody, and the way to choose; the other tabs of this browser follow at once. */
export function useVisibility() {
  const client = useQueryClient();
  const { queryKey } = queries.visibility;
  const visibility = useQuery(queries.visibility);
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);
    const heard = ({ data }: MessageEvent<boolean>) =>
      client.setQueryData(queryKey, { invisible: data });
    channel.addEventListener("message", heard);
    return () => channel.close();
  }, [client, queryKey]);
  const choose = useMutation({
    // One after the other: who clicks fast gets what was clicked last.
    scope: { id: "visibility" },
    mutationFn: (invisible: boolean) =>
      ask(api.PUT("/api/presence/visibility", { body: { invisible } })),
    onMutate: async (invisible) => {
      await client.cancelQueries({ queryKey });
      client.setQueryData(queryKey, { invisible });
    },
    onSuccess: (_, invisible) => {
      const channel = new BroadcastChannel(CHANNEL);
      channel.postMessage(invisible);
      channel.close();
    },
    onError: () => client.invalidateQueries({ queryKey }),
  });
  return { visibility, choose };
}
