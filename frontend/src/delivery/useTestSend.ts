import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ask } from "~/api/client";

/** Posts a test message in the server's default channel. */
export function useTestSend(guildId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      ask(
        api.POST("/api/guilds/{guild_id}/test-send", {
          params: { path: { guild_id: guildId } },
          body: {},
        }),
      ),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["guild", guildId, "overview"] });
      void client.invalidateQueries({ queryKey: ["guild", guildId, "newest"] });
    },
  });
}
