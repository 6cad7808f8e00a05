import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { api, ask, askTagged, type Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";

type Page = Schema["StreamerPage"];
type Item = Schema["StreamerItem"];
type Body = Schema["StreamerBody"];
type View = Schema["StreamerView"];

/** A streamer's document as a save sends it. */
export function bodyOf(view: View): Body {
  return {
    enabled: view.streamer.enabled,
    destinations: view.destinations.map(({ settings }) => settings),
  };
}

/** Saves a streamer's document. */
export function saveStreamer(guildId: string, streamerId: string, body: Body, etag: string) {
  return askTagged(
    api.PUT("/api/guilds/{guild_id}/streamers/{streamer_id}", {
      params: {
        path: { guild_id: guildId, streamer_id: streamerId },
        header: { "If-Match": etag },
      },
      body,
    }),
  );
}

function readStreamer(guildId: string, streamerId: string) {
  return askTagged(
    api.GET("/api/guilds/{guild_id}/streamers/{streamer_id}", {
      params: { path: { guild_id: guildId, streamer_id: streamerId } },
    }),
  );
}

/** How often a change is made again when somebody else has saved in between. */
const TRIES = 3;

/** Switches a streamer on or off, whatever else has been changed meanwhile. */
export async function switchStreamer(guildId: string, streamerId: string, enabled: boolean) {
  for (let tries = 1; ; tries++) {
    const { value, etag } = await readStreamer(guildId, streamerId);
    try {
      return await saveStreamer(guildId, streamerId, { ...bodyOf(value), enabled }, etag);
    } catch (error) {
      const changed = error instanceof Problem && error.status === 412;
      if (!changed || tries === TRIES) throw error;
    }
  }
}

/** Adds streamers by name or address. */
export function addStreamers(guildId: string, names: string[]) {
  return ask(
    api.POST("/api/guilds/{guild_id}/streamers", {
      params: { path: { guild_id: guildId } },
      body: { names },
    }),
  );
}

/** Tries failed subscriptions again, at once. */
export function retrySubscription(guildId: string, streamerId: string) {
  const path = { guild_id: guildId, streamer_id: streamerId };
  return ask(
    api.POST("/api/guilds/{guild_id}/streamers/{streamer_id}/subscribe", { params: { path } }),
  );
}

/** Removes a streamer; returns the settings, for who thinks again. */
export async function removeStreamer(guildId: string, streamerId: string): Promise<Body> {
  const { value } = await readStreamer(guildId, streamerId);
  const path = { guild_id: guildId, streamer_id: streamerId };
  await ask(api.DELETE("/api/guilds/{guild_id}/streamers/{streamer_id}", { params: { path } }));
  return bodyOf(value);
}

/** Brings a streamer back with the settings they had. */
export async function restoreStreamer(guildId: string, { id, login }: Item, body: Body) {
  await addStreamers(guildId, [login]);
  const { etag } = await readStreamer(guildId, id);
  const destinations = body.destinations.map((settings) => ({ ...settings, id: undefined }));
  await saveStreamer(guildId, id, { ...body, destinations }, etag);
}

/**
 * Changes one row of every list in the cache; null removes it.
 *
 * Lists that are being loaded are called off, since their answers may be older than the change. True
 * when there was one: it is asked for again by `reload`, once the change is stored.
 */
export async function patchRow(
  client: QueryClient,
  guildId: string,
  streamerId: string,
  change: Partial<Item> | null,
): Promise<boolean> {
  const { queryKey } = queries.streamers(guildId);
  const interrupted = client.isFetching({ queryKey }) > 0;
  await client.cancelQueries({ queryKey });
  const patched = (items: Item[]) =>
    change === null
      ? items.filter(({ id }) => id !== streamerId)
      : items.map((item) => (item.id === streamerId ? { ...item, ...change } : item));
  client.setQueriesData<InfiniteData<Page, string | undefined>>(
    { queryKey },
    (list) =>
      list && {
        ...list,
        pages: list.pages.map((page) => ({ ...page, items: patched(page.items) })),
      },
  );
  return interrupted;
}

/** Asks again for the lists of a server's streamers. */
export function reload(client: QueryClient, guildId: string) {
  void client.invalidateQueries({ queryKey: queries.streamers(guildId).queryKey });
}
