import type { Connection } from "./connection";
import type { Place, ServerFrame, TopicEvent } from "./frames";

/** How long to wait before a topic is asked for again that cannot be looked up now. */
const AGAIN_MS = 5000;

export interface Listener {
  /** Where it stands, when it has loaded what came before. */
  from?: Place;
  /** What happened, and where it leaves the topic. */
  onEvents: (events: TopicEvent[], place: Place) => void;
  /** What was missed is not known any more: load what is there. */
  onReset: () => void;
}

/** `refused`: not for this person. */
type Standing = "unasked" | "asked" | "live" | "refused";

interface Topic {
  /** Up to where its listeners have seen everything; null: from now on. */
  place: Place | null;
  standing: Standing;
  listeners: Set<Listener>;
}

/** What is listened to over the one socket, and how far each topic has been seen. */
export class Topics {
  private readonly topics = new Map<string, Topic>();

  constructor(private readonly connection: () => Connection | null) {}

  get none(): boolean {
    return this.topics.size === 0;
  }

  standing(name: string): Standing {
    return this.topics.get(name)?.standing ?? "unasked";
  }

  add(name: string, listener: Listener) {
    const topic = this.topics.get(name) ?? {
      place: null,
      standing: "unasked" as const,
      listeners: new Set<Listener>(),
    };
    this.topics.set(name, topic);
    topic.listeners.add(listener);
    const { from } = listener;
    // Who stands further back than others is brought up to them; the others know what they have seen.
    if (from && (!topic.place || from.position < topic.place.position)) {
      topic.place = from;
      topic.standing = "unasked";
    }
  }

  remove(name: string, listener: Listener) {
    this.topics.get(name)?.listeners.delete(listener);
  }

  /** Ends what nobody listens to any more. */
  prune() {
    for (const [name, { listeners, standing }] of this.topics) {
      if (listeners.size > 0) continue;
      this.topics.delete(name);
      if (standing === "asked" || standing === "live")
        this.connection()?.send({ type: "unsubscribe", topic: name });
    }
  }

  /** The connection is gone: each has to be asked for again. */
  lost() {
    for (const topic of this.topics.values()) topic.standing = "unasked";
  }

  /** Asks for what was not asked for yet. */
  askAll() {
    for (const [name, topic] of this.topics) {
      if (topic.standing === "unasked") this.ask(name, topic);
    }
  }

  /** Takes a frame about a topic. */
  take(frame: ServerFrame) {
    if (frame.type === "refused" && frame.topic === undefined) {
      if (frame.code === "rate_limited") this.askAgain(({ standing }) => standing === "asked");
      return;
    }
    if (!("topic" in frame) || frame.topic === undefined) return;
    const topic = this.topics.get(frame.topic);
    if (!topic) return;
    if (frame.type === "subscribed") {
      topic.place ??= frame.place;
      topic.standing = "live";
    } else if (frame.type === "reset") {
      topic.place = frame.place;
      topic.standing = "live";
      for (const { onReset } of topic.listeners) onReset();
    } else if (frame.type === "events") {
      this.takeEvents(frame.topic, topic, frame);
    } else if (frame.type === "refused" && frame.code === "unavailable") {
      topic.standing = "asked";
      this.askAgain((each) => each === topic && each.standing === "asked");
    } else if (frame.type === "refused") {
      topic.standing = "refused";
    } else if (frame.type === "unsubscribed" && frame.reason !== "asked") {
      topic.standing = "refused";
    }
  }

  private takeEvents(
    name: string,
    topic: Topic,
    { after, place, events }: ServerFrame & { type: "events" },
  ) {
    // Until it is confirmed, frames are those of an earlier wish.
    if (topic.standing !== "live" || !topic.place) return;
    const { position } = topic.place;
    if (after > position) {
      this.ask(name, topic);
      return;
    }
    if (place.position <= position) return;
    topic.place = place;
    const fresh = events.filter((event) => event.position > position);
    if (fresh.length === 0) return;
    for (const { onEvents } of topic.listeners) onEvents(fresh, place);
  }

  private askAgain(which: (topic: Topic) => boolean) {
    setTimeout(
      () => {
        for (const [name, topic] of this.topics) if (which(topic)) this.ask(name, topic);
      },
      AGAIN_MS * (0.5 + Math.random() / 2),
    );
  }

  private ask(name: string, topic: Topic) {
    topic.standing = "asked";
    const after = topic.place ? { after: topic.place } : {};
    this.connection()?.send({ type: "subscribe", topic: name, ...after });
  }
}
