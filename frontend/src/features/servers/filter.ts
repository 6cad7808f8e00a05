import type { Schema } from "~/api/client";

type Guild = Schema["GuildItem"];
type Groups = Pick<Schema["GuildGroups"], "ready" | "can_add" | "no_permission">;

/** A name as people type it: small letters, no accents. */
function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/** The servers whose name has every word of the filter, or whose id it is. */
export function matching(guilds: Guild[], filter: string): Guild[] {
  const words = plain(filter).split(/\s+/).filter(Boolean);
  if (words.length === 0) return guilds;
  return guilds.filter(({ id, name }) => {
    const own = plain(name);
    return id === filter.trim() || words.every((word) => own.includes(word));
  });
}

/** The three groups narrowed to a filter. */
export function narrowed(groups: Groups, filter: string): Groups {
  return {
    ready: matching(groups.ready, filter),
    can_add: matching(groups.can_add, filter),
    no_permission: matching(groups.no_permission, filter),
  };
}

/** How many servers there are in all groups. */
export function count(groups: Groups): number {
  return groups.ready.length + groups.can_add.length + groups.no_permission.length;
}
