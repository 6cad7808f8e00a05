import { useEffect, useRef, useState } from "react";
import type { Happening } from "./feed";

/** Something is read out so often at most: who listens has other things to hear. */
export const EVERY_MS = 5000;

/** What to read out of what has happened, one sentence at a time; it never becomes a flood. */
export function useAnnouncer(words: (latest: Happening, several: number) => string) {
  const [text, setText] = useState("");
  const waiting = useRef<{ latest: Happening; several: number } | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const saidAt = useRef(-Infinity);
  const latestWords = useRef(words);
  useEffect(() => {
    latestWords.current = words;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const [note] = useState(() => (happenings: readonly Happening[]) => {
    const latest = happenings.at(-1);
    if (!latest) return;
    const several = (waiting.current?.several ?? 0) + happenings.length;
    waiting.current = { latest, several };
    const say = () => {
      timer.current = undefined;
      const next = waiting.current;
      waiting.current = null;
      saidAt.current = Date.now();
      if (next) setText(latestWords.current(next.latest, next.several));
    };
    timer.current ??= setTimeout(say, Math.max(0, saidAt.current + EVERY_MS - Date.now()));
  });
  return { text, note };
}
