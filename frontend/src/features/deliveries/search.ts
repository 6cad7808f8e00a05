import type { DeliveryFilter } from "~/api/queries";

/** What can be chosen; the API knows no others. */
export const STATUSES = ["sent", "pending", "sending", "failed", "skipped", "expired"] as const;
export const KINDS = ["online", "enrich", "update", "offline", "test"] as const;
export const RANGES = ["24h", "7d", "30d"] as const;

type Range = (typeof RANGES)[number];

const HOURS: Record<Range, number> = { "24h": 24, "7d": 7 * 24, "30d": 30 * 24 };
const HOUR_MS = 3_600_000;

/** The log's filters, as they stand in the address. */
export interface DeliverySearch {
  status?: (typeof STATUSES)[number];
  kind?: (typeof KINDS)[number];
  streamer_id?: string;
  /** How far back; everything unless said. */
  range?: Range;
}

/** Reads the filters from an address; what is not known is left out. */
export function deliverySearch(search: Record<string, unknown>): DeliverySearch {
  const among = <T extends string>(known: readonly T[], key: string) =>
    known.find((value) => value === search[key]);
  // The router reads what looks like a number as one.
  const given = search.streamer_id;
  const id = typeof given === "number" ? String(given) : given;
  return {
    status: among(STATUSES, "status"),
    kind: among(KINDS, "kind"),
    streamer_id: typeof id === "string" && /^\w{1,32}$/.test(id) ? id : undefined,
    range: among(RANGES, "range"),
  };
}

/** What the API is asked; whole hours, so that coming back finds what was read before. */
export function filterOf({ range, ...search }: DeliverySearch, now: Date): DeliveryFilter {
  if (!range) return search;
  const since = Math.floor(now.getTime() / HOUR_MS - HOURS[range]) * HOUR_MS;
  return { ...search, since: new Date(since).toISOString() };
}
