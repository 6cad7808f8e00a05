import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer, useRef, useState } from "react";
import { api, ask } from "~/api/client";
import { live, useTopic, type TopicState } from "~/api/live";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";
import {
  EMPTY,
  ofHistory,
  ofShout,
  roomOf,
  type Failure,
  type Message,
  type Pending,
} from "./room";

/** How often the room is looked at where no socket tells of it. */
const POLL_MS = 10_000;
const SEND_MS = 10_000;
const OLDER = 50;

/** A room, by its server: what is said in it, kept up to date, and the ways to say something. */
export function useRoom(room: string, me: string) {
  const client = useQueryClient();
  const [state, dispatch] = useReducer(roomOf(me), EMPTY);
  const [loadingOlder, setLoadingOlder] = useState(false);
  const [olderFailed, setOlderFailed] = useState(false);
  const own = useQuery(queries.room(room));
  // The history tells where it stands, and the socket begins there: nothing falls in between.
  const topic: TopicState = useTopic(state.place && topicOf(room), {
    from: state.place ?? undefined,
    onEvents: (events) => {
      dispatch({ type: "events", events });
      if (events.some(({ kind }) => kind === "mute"))
        void client.invalidateQueries({ queryKey: queries.mutes(room).queryKey });
    },
    onReset: () => void newest.refetch(),
  });
  const newest = useQuery({
    ...queries.roomMessages(room),
    refetchInterval: topic === "none" ? POLL_MS : false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  useEffect(() => {
    if (newest.data) dispatch({ type: "newest", page: newest.data });
  }, [newest.data]);
  const mutedUntil = own.data?.muted_until;
  useEffect(() => {
    if (mutedUntil) dispatch({ type: "muted", until: Date.parse(mutedUntil) });
  }, [mutedUntil]);

  const send = async (pending: Pending) => {
    dispatch({ type: "sending", pending: { ...pending, failure: null } });
    const { clientId, text } = pending;
    const sent =
      topic === "none" ? await sayByHttp(room, pending) : await sayBySocket(room, clientId, text);
    if ("message" in sent) dispatch({ type: "changed", message: sent.message });
    else dispatch({ type: "failed", clientId, failure: sent.failure });
  };
  const say = (text: string) => {
    const createdAt = new Date().toISOString();
    void send({ clientId: crypto.randomUUID(), text, createdAt, failure: null });
  };
  const retry = (pending: Pending) => {
    // The same id: if it is there after all, it is there once.
    const used = pending.failure?.code === "client_id_used";
    if (used) dispatch({ type: "discarded", clientId: pending.clientId });
    void send(used ? { ...pending, clientId: crypto.randomUUID() } : pending);
  };

  const loading = useRef(false);
  const loadOlder = async () => {
    if (state.cursor === null || loading.current) return;
    loading.current = true;
    setLoadingOlder(true);
    setOlderFailed(false);
    try {
      const query = { before: state.cursor, limit: OLDER };
      const request = api.GET("/api/rooms/{room}/messages", { params: { path: { room }, query } });
      dispatch({ type: "older", page: await ask(request) });
    } catch {
      setOlderFailed(true);
    }
    loading.current = false;
    setLoadingOlder(false);
  };

  const path = (message: Message) => ({ room, message_id: message.id });
  const edit = async (message: Message, text: string) => {
    const request = api.PUT("/api/rooms/{room}/messages/{message_id}", {
      params: { path: path(message) },
      body: { text },
    });
    dispatch({ type: "changed", message: ofHistory(await ask(request)) });
  };
  const remove = async (message: Message, reason: string) => {
    const query = reason === "" ? {} : { reason };
    await ask(
      api.DELETE("/api/rooms/{room}/messages/{message_id}", {
        params: { path: path(message), query },
      }),
    );
    dispatch({ type: "deleted", id: message.id });
  };

  return {
    state,
    topic,
    newest,
    own: own.data,
    loadingOlder,
    olderFailed,
    loadOlder,
    say,
    retry,
    discard: (clientId: string) => dispatch({ type: "discarded", clientId }),
    edit,
    remove,
    unmuted: () => dispatch({ type: "muted", until: null }),
  };
}

const topicOf = (room: string) => `room:${room}`;

export type LiveRoom = ReturnType<typeof useRoom>;

type Sent = { message: Message } | { failure: Failure };

function failure(code: string, message: string, seconds?: number | null): Sent {
  const retryAt = seconds == null ? null : Date.now() + seconds * 1000;
  return { failure: { code, message, retryAt } };
}

async function sayBySocket(room: string, clientId: string, text: string): Promise<Sent> {
  const said = await live.say(topicOf(room), clientId, text);
  if (said.outcome === "silent") return failure("silent", "");
  if (said.outcome === "refused") return failure(said.code, said.message, said.retry_after);
  return { message: ofShout(said.shout) };
}

async function sayByHttp(room: string, { clientId, text }: Pending): Promise<Sent> {
  const request = api.POST("/api/rooms/{room}/messages", {
    params: { path: { room } },
    body: { client_id: clientId, text },
    signal: AbortSignal.timeout(SEND_MS),
  });
  try {
    return { message: ofHistory(await ask(request)) };
  } catch (error) {
    if (!(error instanceof Problem)) return failure("silent", "");
    const words = error.fields[0]?.message ?? error.detail;
    return failure(error.status === 0 ? "silent" : error.code, words, error.retryAfter);
  }
}
