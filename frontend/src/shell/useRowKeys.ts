import { useEffect, type RefObject } from "react";
import { useShortcutsSetting } from "./settings";

/** Where keys belong to something else. */
const BUSY = "input, textarea, select, [contenteditable], [role=dialog], [role=listbox]";

/** `j` and `k` go through the links marked with `data-row` in a list; Enter opens them, being links. */
export function useRowKeys(list: RefObject<HTMLElement | null>) {
  const [enabled] = useShortcutsSetting();
  useEffect(() => {
    if (!enabled) return;
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== "j" && event.key !== "k") return;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest(BUSY)) return;
      const rows = [...(list.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
      const now = rows.findIndex((row) => row === document.activeElement);
      const next = rows[event.key === "j" ? now + 1 : Math.max(now - 1, 0)];
      next?.focus();
      next?.scrollIntoView({ block: "nearest" });
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [enabled, list]);
}
