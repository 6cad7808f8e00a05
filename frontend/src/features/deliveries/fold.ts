import type { Schema } from "~/api/client";

type Delivery = Schema["DeliveryItem"];

/** A row of the log. */
export interface Row {
  delivery: Delivery;
  /** It does not match the filters any more. */
  moved: boolean;
}

/** The log as it is shown, and what has come since. */
export interface Folded {
  rows: Row[];
  fresh: number;
  /** Whether there may be more new ones than were asked for. */
  more: boolean;
}

/** Brings listed rows up to date without moving any; new ones are only counted. Ids grow with time. */
export function fold(listed: Delivery[], polled: Schema["DeliveryPage"] | undefined): Folded {
  if (!polled) {
    return { rows: listed.map((delivery) => ({ delivery, moved: false })), fresh: 0, more: false };
  }
  const newest = listed[0]?.id ?? "";
  const oldest = polled.next ? (polled.items.at(-1)?.id ?? "") : "";
  const top = polled.items[0]?.id;
  const latest = new Map(polled.items.map((delivery) => [delivery.id, delivery]));
  const rows = listed.map((delivery) => {
    const found = latest.get(delivery.id);
    const asked = delivery.id >= oldest && (top === undefined || delivery.id <= top);
    return { delivery: found ?? delivery, moved: !found && asked };
  });
  const fresh = polled.items.filter(({ id }) => id > newest).length;
  return { rows, fresh, more: fresh > 0 && fresh === polled.items.length && Boolean(polled.next) };
}
