import { useCallback, useState } from "react";
import { worthResending, type Delivery } from "~/delivery/outcome";
import type { Row } from "./fold";

/** Which rows are selected, among those that are worth sending again. */
export interface Selection {
  /** Whether there is anything to select. */
  some: boolean;
  /** Whether all of it is. */
  all: boolean;
  count: number;
  deliveries: Delivery[];
  has: (id: string) => boolean;
  toggle: (id: string) => void;
  toggleAll: () => void;
  clear: () => void;
}

/** Keeps a selection; a row that has changed meanwhile is in it no more. */
export function useSelection(rows: Row[]): Selection {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const open = rows.filter(({ delivery, moved }) => !moved && worthResending(delivery));
  const deliveries = open.map(({ delivery }) => delivery).filter(({ id }) => chosen.has(id));
  const all = open.length > 0 && deliveries.length === open.length;
  const toggle = useCallback((id: string) => {
    setChosen((now) => {
      const next = new Set(now);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  return {
    some: open.length > 0,
    all,
    count: deliveries.length,
    deliveries,
    has: (id) => chosen.has(id),
    toggle,
    toggleAll: () => setChosen(new Set(all ? [] : open.map(({ delivery }) => delivery.id))),
    clear: () => setChosen(new Set()),
  };
}
