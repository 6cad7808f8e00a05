import type { RefObject } from "react";
import { useKeys } from "./useKeys";

/** `j` and `k` go through the elements marked with `data-row` in a list; Enter opens those that are links. */
export function useRowKeys(list: RefObject<HTMLElement | null>) {
  const go = (step: 1 | -1) => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
    const now = rows.findIndex((row) => row === document.activeElement);
    const next = rows[Math.max(now + step, 0)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  useKeys({ j: () => go(1), k: () => go(-1) });
}
