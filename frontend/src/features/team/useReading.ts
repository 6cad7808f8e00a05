import {
  useEffect,
  useEffectEvent,
  useLayoutEffect,
  useRef,
  useState,
  type RefObject,
} from "react";
import { api, ask } from "~/api/client";
import { noteRead } from "~/api/unread";

/** Who is so near to the end reads along. */
const NEAR_PX = 48;
/** How near to the beginning older messages are fetched. */
const EARLY_PX = 240;
/** What was read is told at most so often: each time is a request. */
const MARK_MS = 5000;

/** Where somebody is in a list of messages: it grows at its end for who reads along, and moves for nobody else. */
export function useScroller(
  ref: RefObject<HTMLDivElement | null>,
  first: string | undefined,
  onEarly: () => void,
) {
  const before = useRef({ first, height: 0 });
  const following = useRef(true);
  const [atEnd, setAtEnd] = useState(true);
  const toEnd = () => {
    following.current = true;
    ref.current?.scrollTo({ top: ref.current.scrollHeight });
  };
  useLayoutEffect(() => {
    const list = ref.current;
    if (!list) return;
    if (following.current) list.scrollTop = list.scrollHeight;
    // What came in above pushes nothing away.
    else if (before.current.first !== first)
      list.scrollTop += list.scrollHeight - before.current.height;
    before.current = { first, height: list.scrollHeight };
  });
  const early = useEffectEvent(onEarly);
  useEffect(() => {
    const list = ref.current;
    if (!list) return;
    const scrolled = () => {
      const left = list.scrollHeight - list.scrollTop - list.clientHeight;
      following.current = left < NEAR_PX;
      setAtEnd(following.current);
      if (list.scrollTop < EARLY_PX && list.scrollHeight > list.clientHeight) early();
    };
    const resized = new ResizeObserver(() => {
      if (following.current) list.scrollTop = list.scrollHeight;
    });
    list.addEventListener("scroll", scrolled, { passive: true });
    resized.observe(list);
    return () => {
      list.removeEventListener("scroll", scrolled);
      resized.disconnect();
    };
  }, [ref]);
  return { atEnd, toEnd };
}

function useVisible(): boolean {
  const [visible, setVisible] = useState(() => document.visibilityState === "visible");
  useEffect(() => {
    const changed = () => setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", changed);
    return () => document.removeEventListener("visibilitychange", changed);
  }, []);
  return visible;
}

/**
 * Notes what was read, and tells behind which position the unread begins; null: nothing is unread.
 *
 * The line stays where it is while somebody reads, and moves when they have been away.
 */
export function useUnread(
  room: string,
  readTo: number | undefined,
  latest: number,
  atEnd: boolean,
) {
  const visible = useVisible();
  const reading = atEnd && visible;
  const [seen, setSeen] = useState(0);
  const [line, setLine] = useState<number | null>(null);
  const [known, setKnown] = useState(false);
  if (readTo !== undefined && !known) {
    setKnown(true);
    setSeen(readTo);
    // Who was never here has not left anything unread.
    setLine(readTo > 0 && readTo < latest ? readTo : null);
  } else if (known && reading && latest > seen) {
    setSeen(latest);
  } else if (known && !reading && latest > seen && line !== seen && seen > 0) {
    setLine(seen);
  }
  useMark(room, known ? seen : 0, readTo ?? 0);
  return { line, unseen: !reading && latest > seen };
}

function useMark(room: string, position: number, stored: number) {
  const told = useRef({ position: 0, at: -Infinity });
  useEffect(() => {
    if (position <= Math.max(told.current.position, stored)) return;
    noteRead(room, position);
    const tell = () => {
      told.current = { position, at: Date.now() };
      const params = { path: { room } };
      // The next one says it too.
      const marked = ask(api.PUT("/api/rooms/{room}/mark", { params, body: { position } }));
      marked.then(() => noteRead(room, position)).catch(() => {});
    };
    const timer = setTimeout(tell, Math.max(0, told.current.at + MARK_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [room, position, stored]);
}
