import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schema } from "~/api/client";

/** Posts a test message; unless said otherwise, our own template in the server's default channel. */
export function useTestSend(guildId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schema["TestBody"]) =>
      ask(
        api.POST("/api/guilds/{guild_id}/test-send", {
          params: { path: { guild_id: guildId } },
          body,
        }),
      ),
    onSettled: () => {
      for (const part of ["overview", "deliveries", "newest"]) {
        void client.invalidateQueries({ queryKey: ["guild", guildId, part] });
      }
    },
  });
}
