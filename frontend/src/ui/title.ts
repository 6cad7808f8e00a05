import { useSyncExternalStore } from "react";

/** A page's own title, and the path that it was given on. */
interface Titled {
  text: string;
  path: string;
}

let titled: Titled = { text: "", path: "" };
let unread = 0;
const listeners = new Set<() => void>();

/** Names the page in the browser's tab. */
export function setTitle(text: string) {
  titled = { text, path: location.pathname };
  show();
  for (const listener of listeners) listener();
}

/** Puts a number before the title: so much is unread. */
export function setTitleCount(count: number) {
  unread = count;
  show();
}

/** A number as it is shown where there is little room. */
export const countOf = (count: number) => (count > 9 ? "9+" : String(count));

function show() {
  if (titled.text === "") return;
  const count = unread > 0 ? `(${countOf(unread)}) ` : "";
  document.title = `${count}${titled.text} · StreamMaxing`;
}

function listen(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** The title of the page, and the path that it belongs to. */
export function useTitle(): Titled {
  return useSyncExternalStore(listen, () => titled);
}
