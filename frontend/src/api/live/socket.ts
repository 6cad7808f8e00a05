import { Backoff, STABLE_MS } from "./backoff";
import { Connection } from "./connection";
import { CLOSED, type LookedAt, type Sent, type ServerFrame } from "./frames";
import { Topics, type Listener } from "./topics";

/** A page that comes back has to hear something within this, or its connection is a dead one. */
const PROBE_MS = 5000;
/** How long a message may be under way. */
const SAY_MS = 10_000;
/** How long a socket stays open that nobody uses: the next page may want it. */
const LINGER_MS = 15_000;
/** Who looks at the page again need not wait for the next try, unless one was made just now. */
const TRY_AGAIN_MS = 5000;
/** Not all at once, when connections have to be replaced after a time that the server names. */
const HAND_OVER_SPREAD_MS = 10 * 60_000;

/** `idle`: nothing is listened to. `offline`: no socket is to be had for now. */
export type SocketState = "idle" | "live" | "reconnecting" | "offline";

/** `none`: whoever wants to know has to ask by HTTP. */
export type TopicState = "live" | "waiting" | "none";

/** What became of a message; `silent`: nothing was heard of it. */
export type Said = Sent | { outcome: "silent" };

interface Shouting {
  frame: { type: "shout"; room: string; client_id: string; text: string };
  done: (said: Said) => void;
}

type Timer = ReturnType<typeof setTimeout>;

/** The page's one socket: opened when somebody is signed in and something is listened to, and kept open. */
export class LiveSocket {
  private connection: Connection | null = null;
  private greeted = false;
  private readonly topics = new Topics(() => (this.greeted ? this.connection : null));
  private readonly shouting = new Map<string, Shouting>();
  private readonly backoff = new Backoff();
  private onSessionEnded: (() => void) | null = null;
  /** The page that somebody looks at. */
  private page: LookedAt | null = null;
  /** The code that ended it, where another try has to wait for something. */
  private stopped: number | null = null;
  private triedAt = -Infinity;
  private endedAt = -Infinity;
  private retry: Timer | undefined;
  private settling: Timer | undefined;
  private lingering: Timer | undefined;
  private stable: Timer | undefined;
  private handOver: Timer | undefined;
  private readonly watchers = new Set<() => void>();

  get state(): SocketState {
    if (this.topics.none) return "idle";
    if (this.greeted) return "live";
    const hopeless = this.stopped !== null || this.backoff.hopeless || !navigator.onLine;
    return hopeless ? "offline" : "reconnecting";
  }

  topicState(topic: string): TopicState {
    const standing = this.topics.standing(topic);
    if (this.greeted && standing === "live") return "live";
    return standing === "refused" || this.state === "offline" ? "none" : "waiting";
  }

  /** Calls back when a state may have changed. */
  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  };

  /** Somebody is signed in, until the function that is returned is called. */
  signIn(onSessionEnded: () => void): () => void {
    this.onSessionEnded = onSessionEnded;
    this.stopped = null;
    addEventListener("online", this.returned);
    addEventListener("offline", this.returned);
    addEventListener("pageshow", this.shown);
    document.addEventListener("visibilitychange", this.seen);
    addEventListener("pointerdown", this.used);
    addEventListener("keydown", this.used);
    this.settle();
    return () => {
      this.onSessionEnded = null;
      removeEventListener("online", this.returned);
      removeEventListener("offline", this.returned);
      removeEventListener("pageshow", this.shown);
      document.removeEventListener("visibilitychange", this.seen);
      removeEventListener("pointerdown", this.used);
      removeEventListener("keydown", this.used);
      this.settle();
    };
  }

  /** The session was good at this moment: a socket that was closed for its sake before is tried again. */
  sessionConfirmed(at: number) {
    if (this.stopped === CLOSED.sessionEnded && at > this.endedAt) this.again();
  }

  /** Listens to a topic, until the function that is returned is called. */
  listen(topic: string, listener: Listener): () => void {
    this.topics.add(topic, listener);
    this.settle();
    return () => {
      this.topics.remove(topic, listener);
      this.settle();
    };
  }

  /** Says something in a room; again over the next connection when this one is lost meanwhile. */
  say(room: string, clientId: string, text: string): Promise<Said> {
    const frame = { type: "shout", room, client_id: clientId, text } as const;
    return new Promise((resolve) => {
      const done = (said: Said) => {
        clearTimeout(timer);
        this.shouting.delete(clientId);
        resolve(said);
      };
      const timer = setTimeout(() => done({ outcome: "silent" }), SAY_MS);
      this.shouting.set(clientId, { frame, done });
      if (this.greeted) this.connection?.send(frame);
    });
  }

  /** Somebody looks at a page: the server is told, now and over each further connection. */
  look(page: LookedAt) {
    if (page.path === this.page?.path && page.title === this.page.title) return;
    this.page = page;
    this.tellPage();
  }

  private tellPage() {
    if (this.greeted && this.page) this.connection?.send({ type: "page", ...this.page });
  }

  /** Does what is wanted, once what goes on is over: a page that follows another takes its topics over. */
  private settle() {
    this.settling ??= setTimeout(() => {
      this.settling = undefined;
      this.proceed();
    }, 0);
  }

  private proceed() {
    this.topics.prune();
    clearTimeout(this.lingering);
    if (this.onSessionEnded === null) this.close();
    else if (this.topics.none) this.lingering = setTimeout(() => this.close(), LINGER_MS);
    else if (this.greeted) this.topics.askAll();
    else if (!this.connection && !this.retry && this.stopped === null) this.open();
    this.changed();
  }

  private open() {
    clearTimeout(this.retry);
    this.retry = undefined;
    // What comes when the network is back is told by an event.
    if (!navigator.onLine) return;
    this.triedAt = Date.now();
    this.connection = new Connection({
      onFrame: (frame) => this.take(frame),
      onEnd: (code) => this.ended(code),
    });
  }

  private close() {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.connection?.close();
    this.forget();
  }

  private forget() {
    this.connection = null;
    this.greeted = false;
    clearTimeout(this.stable);
    clearTimeout(this.handOver);
    this.topics.lost();
  }

  private take(frame: ServerFrame) {
    if (frame.type === "welcome") {
      this.greeted = true;
      this.backoff.opened();
      this.stable = setTimeout(() => this.backoff.stable(), STABLE_MS);
      const spread = HAND_OVER_SPREAD_MS * (Math.random() - 0.5);
      const lasts = frame.reconnect_after_seconds * 1000 + spread;
      this.handOver = setTimeout(() => this.replace(), lasts);
      this.tellPage();
      this.topics.askAll();
      for (const shouting of this.shouting.values()) this.connection?.send(shouting.frame);
    } else if (frame.type === "shouted") {
      this.shouting.get(frame.client_id)?.done(frame);
    } else {
      this.topics.take(frame);
    }
    this.changed();
  }

  private ended(code: number | null) {
    if (!this.greeted) this.backoff.failed();
    this.forget();
    this.endedAt = Date.now();
    const { misbehaved, sessionEnded, replaced } = CLOSED;
    if (code === misbehaved || code === sessionEnded || code === replaced) {
      this.stopped = code;
      if (code === sessionEnded) this.onSessionEnded?.();
    } else {
      this.later(code === CLOSED.restart || code === CLOSED.tooSlow);
    }
    this.changed();
  }

  private later(restart: boolean) {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      this.retry = undefined;
      this.proceed();
    }, this.backoff.next(restart));
  }

  /** A new connection in this one's place; nothing is missed, since each topic goes on where it stands. */
  private replace() {
    this.connection?.close();
    this.forget();
    this.settle();
  }

  /** What had ended it is over; not without the wait of any other try. */
  private again() {
    this.stopped = null;
    this.later(false);
    this.changed();
  }

  /** The network has come or gone, or somebody looks again. A connection of before may be dead and not say so. */
  private returned = () => {
    if (this.greeted) this.connection?.probe(PROBE_MS);
    else if (!this.connection && this.stopped === null) this.soon();
    this.changed();
  };

  private soon() {
    if (this.retry && Date.now() - this.triedAt < TRY_AGAIN_MS) return;
    clearTimeout(this.retry);
    this.retry = undefined;
    this.settle();
  }

  private seen = () => {
    if (document.visibilityState !== "visible") return;
    this.returned();
    // Of several tabs the one that was looked at last is told of.
    this.tellPage();
    this.used();
  };

  private shown = ({ persisted }: PageTransitionEvent) => {
    if (persisted) this.returned();
  };

  /** Too many pages are open: the one that is used has a socket. */
  private used = () => {
    if (this.stopped === CLOSED.replaced) this.again();
  };

  private changed = () => {
    for (const watcher of this.watchers) watcher();
  };
}
