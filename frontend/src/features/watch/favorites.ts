/** Something to do with a list of channels, whatever it has become meanwhile. */
export type Change =
  | { type: "add"; id: string; at?: number }
  | { type: "remove"; id: string }
  | { type: "move"; id: string; by: 1 | -1 };

/** Channels that the API keeps at most. */
export const MAX_FAVORITES = 50;

/** The ids after a change; the same where there is nothing to do. */
export function changed(ids: readonly string[], change: Change): readonly string[] {
  const at = ids.indexOf(change.id);
  switch (change.type) {
    case "add": {
      if (at !== -1 || ids.length >= MAX_FAVORITES) return ids;
      const place = Math.min(change.at ?? ids.length, ids.length);
      return ids.toSpliced(place, 0, change.id);
    }
    case "remove":
      return at === -1 ? ids : ids.toSpliced(at, 1);
    case "move": {
      const to = at + change.by;
      if (at === -1 || to < 0 || to >= ids.length) return ids;
      return ids.toSpliced(at, 1).toSpliced(to, 0, change.id);
    }
  }
}
