import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";

type Item = Schema["AuditItem"];

/** What ids are called: those of channels, roles, templates and streamers. */
export type Names = ReturnType<typeof useNames>;

/** Reads the names that the log's entries need; what is gone keeps its id. */
export function useNames(guildId: string, entries: Item[]) {
  const about = (start: string) => entries.some(({ action }) => action.startsWith(start));
  const mentions = (key: string) =>
    entries.some(({ before, after }) => JSON.stringify([before, after]).includes(`"${key}"`));
  const places = useQuery({
    ...queries.places(guildId),
    enabled: mentions("channel_id") || mentions("default_channel_id"),
  });
  const templates = useQuery({
    ...queries.templates(guildId),
    enabled: about("template.") || mentions("template_id"),
  });
  const streamers = useInfiniteQuery({
    ...queries.streamers(guildId),
    enabled: about("streamer."),
  });
  return {
    channel: (id: string) => {
      const found = places.data?.channels.find((each) => each.id === id);
      return found && `#${found.name}`;
    },
    role: (id: string) => {
      const found = places.data?.roles.find((each) => each.id === id);
      return found && `@${found.name}`;
    },
    template: (id: string) => templates.data?.templates.find((each) => each.id === id)?.name,
    streamer: (id: string) =>
      streamers.data?.pages.flatMap(({ items }) => items).find((each) => each.id === id)
        ?.display_name,
  };
}
