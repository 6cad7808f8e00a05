import type { DeliveryFilter } from "~/api/queries";

/** The log's filters, as they stand in the address. */
export interface DeliverySearch extends DeliveryFilter {
  /** How far back: `24h`, `7d`, `30d`; everything unless said. */
  range?: string;
}

/** Reads the filters from an address; what is no text is left out. */
export function deliverySearch(search: Record<string, unknown>): DeliverySearch {
  const text = (key: string) => {
    const value = search[key];
    if (typeof value === "number") return String(value);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  return {
    status: text("status"),
    kind: text("kind"),
    streamer_id: text("streamer_id"),
    range: text("range"),
  };
}
