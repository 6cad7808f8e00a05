import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { toastWithUndo, useFailureToast } from "~/ui/toast";
import { changed, MAX_FAVORITES, type Change } from "./favorites";

type Favorite = Schema["FavoriteItem"];

/** How often is asked who is live. */
const POLL_MS = 60_000;

/** A change, and the channel that it is about, where that is not in the list yet. */
type Wish = Change & { channel?: Favorite };

const ids = (list: readonly Favorite[]) => list.map(({ id }) => id);

function applied(list: readonly Favorite[], { channel, ...change }: Wish): Favorite[] {
  const known = new Map([...list, ...(channel ? [channel] : [])].map((each) => [each.id, each]));
  return changed(ids(list), change).flatMap((id) => known.get(id) ?? []);
}

/** Whatever was changed elsewhere meanwhile stays: a change is made to the list as it is. */
async function save(change: Wish): Promise<Favorite[]> {
  const now = await ask(api.GET("/api/users/me/favorites"));
  const wanted = changed(ids(now), change);
  if (wanted.join() === ids(now).join()) return now;
  const body = { streamer_ids: [...wanted] };
  return ask(api.PUT("/api/users/me/favorites", { body }));
}

/** The channels that one watches, in one's order, and the ways to change them: at once on the screen. */
export function useFavorites() {
  const { t } = useTranslation("watch");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const fail = useFailureToast();
  const { queryKey } = queries.favorites;
  const query = useQuery({ ...queries.favorites, refetchInterval: POLL_MS });
  const list = query.data;
  const { mutate, isPending } = useMutation({
    // One after the other: fast clicks end where they should.
    scope: { id: "favorites" },
    mutationFn: save,
    onMutate: async (wish: Wish) => {
      await client.cancelQueries({ queryKey });
      client.setQueryData(queryKey, (old) => old && applied(old, wish));
    },
    onError: (error) => {
      fail(error, { id: "favorites", title: t("favorites.failed") });
    },
    onSettled: (saved) => {
      // Others wait for their turn, and what they want is on the screen already.
      if (client.isMutating({ predicate: ({ options }) => options.scope?.id === "favorites" }) > 1)
        return;
      if (saved) client.setQueryData(queryKey, saved);
      else void client.invalidateQueries({ queryKey });
    },
  });
  return {
    query,
    isPending,
    full: (list?.length ?? 0) >= MAX_FAVORITES,
    has: (id: string) => list?.some((each) => each.id === id) ?? false,
    add: (channel: Favorite) => mutate({ type: "add", id: channel.id, channel }),
    move: (id: string, by: 1 | -1) => mutate({ type: "move", id, by }),
    remove: (channel: Favorite) => {
      const at = list?.findIndex(({ id }) => id === channel.id) ?? 0;
      mutate({ type: "remove", id: channel.id });
      toastWithUndo({
        id: `favorite-${channel.id}`,
        message: t("favorites.removed", { name: channel.display_name }),
        undo: common("undo"),
        onUndo: () => mutate({ type: "add", id: channel.id, at, channel }),
      });
    },
  };
}

export type Favorites = ReturnType<typeof useFavorites>;
