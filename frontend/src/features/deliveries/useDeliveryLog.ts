import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { queries, type DeliveryFilter } from "~/api/queries";
import { useRenewal } from "~/shell/useServerLive";
import { fold } from "./fold";

/** How often the log looks for news, while somebody looks at it. */
const RENEW_MS = 15_000;

/** The log: pages that stay where they are, brought up to date, and how much is new. */
export function useDeliveryLog(guildId: string, filter: DeliveryFilter, paused: boolean) {
  const client = useQueryClient();
  const refetchInterval = useRenewal(guildId, RENEW_MS);
  const options = queries.deliveries(guildId, filter);
  const list = useInfiniteQuery({
    ...options,
    // Asking again would put new rows in: `newest` counts them instead.
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const settled = list.isSuccess && !list.isPlaceholderData;
  const newest = useQuery({
    ...queries.newest(guildId, filter),
    enabled: settled && !paused,
    refetchInterval,
    // The first page was read a moment ago.
    initialData: settled ? list.data.pages[0] : undefined,
    initialDataUpdatedAt: list.dataUpdatedAt,
  });
  const listed = list.data?.pages.flatMap((page) => page.items) ?? [];
  const folded = fold(listed, settled ? newest.data : undefined);
  const showFresh = () => {
    if (!newest.data) return;
    client.setQueryData(options.queryKey, { pages: [newest.data], pageParams: [undefined] });
  };
  return { list, ...folded, showFresh, failing: newest.isError || list.isError };
}
