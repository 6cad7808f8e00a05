import { useEffect, type RefObject } from "react";
import { useShortcutsSetting } from "~/shell/settings";

/** A single key puts the cursor into a field, unless somebody is typing or has keys turned off. */
export function useFocusKey(key: string, field: RefObject<HTMLElement | null>) {
  const [enabled] = useShortcutsSetting();
  useEffect(() => {
    if (!enabled) return;
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target;
      if (
        target instanceof HTMLElement &&
        target.matches("input, textarea, select, [contenteditable]")
      )
        return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [enabled, key, field]);
}
