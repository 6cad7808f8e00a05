import { useSyncExternalStore } from "react";

const STORED = "streammaxing-quiet-rooms";
const listeners = new Set<() => void>();
let quiet: ReadonlySet<string> = stored();

function stored(): ReadonlySet<string> {
  try {
    const rooms: unknown = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    return new Set(Array.isArray(rooms) ? rooms.map(String) : []);
  } catch {
    return new Set();
  }
}

/** Chooses, for this browser, whether a room's unread messages are counted. */
export function setQuiet(room: string, isQuiet: boolean) {
  const rooms = new Set(quiet);
  if (isQuiet) rooms.add(room);
  else rooms.delete(room);
  quiet = rooms;
  try {
    localStorage.setItem(STORED, JSON.stringify([...rooms]));
  } catch {
    // It lasts as long as the page, then.
  }
  for (const listener of listeners) listener();
}

function listen(listener: () => void) {
  const elsewhere = ({ key }: StorageEvent) => {
    if (key !== STORED) return;
    quiet = stored();
    listener();
  };
  listeners.add(listener);
  addEventListener("storage", elsewhere);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", elsewhere);
  };
}

/** Whether a room's unread messages are not counted. */
export function useIsQuiet(room: string): boolean {
  return useSyncExternalStore(listen, () => quiet.has(room));
}
