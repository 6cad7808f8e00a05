import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { LiveSocket, type SocketState, type TopicState } from "./socket";
import type { Listener } from "./topics";

export type { LookedAt, Place, Present, Shout, TopicEvent } from "./frames";
export type { TopicState } from "./socket";

/** The page's socket; it outlives every component. */
export const live = new LiveSocket();

/** Lets the socket be there while one person is signed in; `confirmedAt` is when that was last seen. */
export function useLiveSession(confirmedAt: number, onSessionEnded: () => void) {
  const ended = useEffectEvent(onSessionEnded);
  useEffect(() => live.signIn(() => ended()), []);
  useEffect(() => live.sessionConfirmed(confirmedAt), [confirmedAt]);
}

/** Listens to a topic; null: not now. Where it stands with the topic is told as by `useTopicState`. */
export function useTopic(topic: string | null, listener: Listener): TopicState {
  const onEvents = useEffectEvent(listener.onEvents);
  const onReset = useEffectEvent(listener.onReset);
  const from = useEffectEvent(() => listener.from);
  useEffect(() => {
    if (topic === null) return;
    return live.listen(topic, {
      from: from(),
      onEvents: (events, place) => onEvents(events, place),
      onReset: () => onReset(),
    });
  }, [topic]);
  return useTopicState(topic);
}

/** Whether news of a topic comes by itself, for who does not listen. */
export function useTopicState(topic: string | null): TopicState {
  return useSyncExternalStore(live.watch, () =>
    topic === null ? "waiting" : live.topicState(topic),
  );
}

export function useSocketState(): SocketState {
  return useSyncExternalStore(live.watch, () => live.state);
}
