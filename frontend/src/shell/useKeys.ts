import { useEffect, useEffectEvent } from "react";
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
  const take = useEffectEvent((keys: string, event: KeyboardEvent) => {
    const action = actions[keys];
    if (!action) return;
    // What the key moves the focus to has no use for its letter.
    event.preventDefault();
    action();
  });
  useEffect(() => {
    if (!enabled) return;
    return subscribe((keys, event) => take(keys, event));
  }, [enabled]);
}

type Taker = (keys: string, event: KeyboardEvent) => void;

const takers = new Set<Taker>();
/** For all together: a page that comes between two keys has to know of the first. */
let leaderAt = -Infinity;

function subscribe(taker: Taker): () => void {
  if (takers.size === 0) document.addEventListener("keydown", pressed);
  takers.add(taker);
  return () => {
    takers.delete(taker);
    if (takers.size === 0) document.removeEventListener("keydown", pressed);
  };
}

function pressed(event: KeyboardEvent) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof Element && event.target.closest(BUSY)) return;
  const follows = event.timeStamp - leaderAt < SEQUENCE_MS;
  leaderAt = event.key === "g" ? event.timeStamp : -Infinity;
  const keys = follows ? `g ${event.key}` : event.key;
  for (const taker of takers) taker(keys, event);
}
