import { useEffect, useEffectEvent, useRef } from "react";
import { useShortcutsSetting } from "./settings";

/** Where keys belong to something else. */
const BUSY = [
  "input:not([type=checkbox], [type=radio])",
  "textarea",
  "select",
  "[contenteditable]",
  "[role=dialog]",
  "[role=listbox]",
  "[role=menu]",
].join();

/** How long after `g` the second key may come. */
const SEQUENCE_MS = 1500;

/**
 * Takes keys, `n`, or two after each other, `g n`, unless somebody is typing.
 *
 * Who has single keys turned off presses them for nothing (WCAG 2.1.4).
 */
export function useKeys(actions: Record<string, () => void>) {
  const [enabled] = useShortcutsSetting();
  const leaderAt = useRef(-Infinity);
  const take = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest(BUSY)) return;
    const follows = event.timeStamp - leaderAt.current < SEQUENCE_MS;
    leaderAt.current = event.key === "g" ? event.timeStamp : -Infinity;
    const action = actions[follows ? `g ${event.key}` : event.key];
    if (!action) return;
    // What the key moves the focus to has no use for its letter.
    event.preventDefault();
    action();
  });
  useEffect(() => {
    if (!enabled) return;
    const listen = (event: KeyboardEvent) => take(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [enabled]);
}
