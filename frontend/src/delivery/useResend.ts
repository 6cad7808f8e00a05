import { useMutation, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { api, ask, type Schema } from "~/api/client";
import { queries } from "~/api/queries";

type Page = Schema["DeliveryPage"];

/** Sends an announcement again; lists that show it know at once. `ping`: null only pings for a young stream. */
export function useResend(guildId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ping }: { id: string; ping: boolean | null }) =>
      ask(
        api.POST("/api/guilds/{guild_id}/deliveries/{delivery_id}/resend", {
          params: { path: { guild_id: guildId, delivery_id: id } },
          body: { ping },
        }),
      ),
    onSuccess: ({ delivery: view }, { id }) => {
      client.setQueryData(queries.delivery(guildId, id).queryKey, view);
      const patched = (page: Page): Page => ({
        ...page,
        items: page.items.map((item) => (item.id === id ? view.delivery : item)),
      });
      client.setQueriesData<Page>(
        { queryKey: ["guild", guildId, "newest"] },
        (page) => page && patched(page),
      );
      client.setQueriesData<InfiniteData<Page>>(
        { queryKey: ["guild", guildId, "deliveries"] },
        (list) => list && { ...list, pages: list.pages.map(patched) },
      );
    },
  });
}

/** Asks what has become of what was sent again. */
export function useRenewDeliveries(guildId: string) {
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: queries.overview(guildId).queryKey });
    void client.invalidateQueries({ queryKey: ["guild", guildId, "newest"] });
  };
}
