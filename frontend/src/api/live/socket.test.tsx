import { act, renderHook } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CLOSED, type Place, type TopicEvent } from "./frames";
import { live, useLiveSession, useTopic } from ".";
import { LiveSocket } from "./socket";
import { FakeSocket } from "./testing";

const ROOM = "room:1";
const at = (position: number): Place => ({ position, tag: `t${position}` });
const changed = (position: number): TopicEvent => ({ position, kind: "changed", data: null });

let socket: LiveSocket;
let ended: () => void;
let signOut: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  FakeSocket.install();
  socket = new LiveSocket();
  ended = vi.fn<() => void>();
  signOut = socket.signIn(ended);
});

afterEach(() => {
  signOut();
  vi.runOnlyPendingTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTime(0);

/** Listens, and notes what it is told. */
function listener(from?: Place) {
  const positions: number[] = [];
  const heard = {
    from,
    positions,
    resets: 0,
    onEvents: (events: TopicEvent[]) =>
      positions.push(...events.map(({ position }) => position)) as unknown as void,
    onReset: () => void (heard.resets += 1),
  };
  return heard;
}

/** A listener at a place, on a socket that is open. */
function listening(from = at(5)) {
  const heard = listener(from);
  socket.listen(ROOM, heard);
  settle();
  FakeSocket.last.welcome();
  FakeSocket.last.say({ type: "subscribed", topic: ROOM, place: from });
  return heard;
}

const events = (after: number, to: number) =>
  FakeSocket.last.say({
    type: "events",
    topic: ROOM,
    after,
    place: at(to),
    events: Array.from({ length: to - after }, (_, n) => changed(after + n + 1)),
  });

/** A socket that comes after the last one within so many milliseconds. */
function cameWithin(ms: number) {
  const before = FakeSocket.all.length;
  vi.advanceTimersByTime(ms);
  return FakeSocket.all.length - before;
}

describe("opening", () => {
  it("waits until something is listened to", () => {
    settle();
    expect(FakeSocket.all).toHaveLength(0);
    expect(socket.state).toBe("idle");
    listening();
    expect(FakeSocket.last.url).toBe("ws://localhost:3000/ws");
    expect(FakeSocket.last.sent).toEqual([
      { type: "hello", version: 1 },
      { type: "subscribe", topic: ROOM, after: at(5) },
    ]);
    expect([socket.state, socket.topicState(ROOM)]).toEqual(["live", "live"]);
  });

  it("waits until somebody is signed in", () => {
    signOut();
    socket.listen(ROOM, listener());
    settle();
    expect(FakeSocket.all).toHaveLength(0);
    signOut = socket.signIn(ended);
    settle();
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("happens once under StrictMode, for all that listen", async () => {
    const { result, unmount } = renderHook(
      () => {
        useLiveSession(1, () => {});
        useTopic("server:1", listener());
        return useTopic(ROOM, listener(at(5)));
      },
      { wrapper: StrictMode },
    );
    act(() => void settle());
    expect(FakeSocket.all).toHaveLength(1);
    act(() => FakeSocket.last.welcome());
    act(() => FakeSocket.last.say({ type: "subscribed", topic: ROOM, place: at(5) }));
    expect(FakeSocket.last.of("subscribe")).toEqual([
      { type: "subscribe", topic: "server:1" },
      { type: "subscribe", topic: ROOM, after: at(5) },
    ]);
    expect(result.current).toBe("live");
    unmount();
    settle();
    expect(live.state).toBe("idle");
  });

  it("is not repeated for the page that follows", () => {
    const stop = socket.listen("server:1", listener());
    listening();
    FakeSocket.last.say({ type: "subscribed", topic: "server:1", place: at(9) });
    stop();
    socket.listen("server:1", listener());
    settle();
    expect(FakeSocket.all).toHaveLength(1);
    expect(FakeSocket.last.of("unsubscribe")).toEqual([]);
    expect(FakeSocket.last.of("subscribe")).toHaveLength(2);
  });
});

describe("a topic", () => {
  it("tells each event once, in order", () => {
    const heard = listening();
    events(5, 7);
    events(5, 7);
    events(6, 8);
    expect(heard.positions).toEqual([6, 7, 8]);
  });

  it("is asked for again from where it stands when something is missing", () => {
    const heard = listening();
    events(5, 6);
    events(8, 9);
    expect(FakeSocket.last.of("subscribe").at(-1)?.after).toEqual(at(6));
    // What is under way until it is confirmed comes once more.
    events(9, 10);
    expect(heard.positions).toEqual([6]);
    FakeSocket.last.say({ type: "subscribed", topic: ROOM, place: at(6) });
    events(6, 10);
    expect(heard.positions).toEqual([6, 7, 8, 9, 10]);
  });

  it("is loaded anew when its place is not known any more, and goes on from the new one", () => {
    const heard = listening();
    FakeSocket.last.say({ type: "reset", topic: ROOM, place: at(2) });
    expect(heard.resets).toBe(1);
    events(2, 3);
    expect(heard.positions).toEqual([3]);
  });

  it("goes on where it stood after a cut", () => {
    const heard = listening();
    events(5, 8);
    FakeSocket.last.end(1006);
    expect(socket.topicState(ROOM)).toBe("waiting");
    expect(cameWithin(1000)).toBe(1);
    FakeSocket.last.welcome();
    expect(FakeSocket.last.of("subscribe")[0]?.after).toEqual(at(8));
    FakeSocket.last.say({ type: "subscribed", topic: ROOM, place: at(8) });
    events(8, 9);
    expect(heard.positions).toEqual([6, 7, 8, 9]);
  });

  it("that is refused has to be asked for by HTTP", () => {
    listening();
    FakeSocket.last.say({ type: "refused", code: "unknown_topic", message: "", topic: ROOM });
    expect(socket.topicState(ROOM)).toBe("none");
    expect(socket.state).toBe("live");
  });

  it("that cannot be looked up now is asked for again", () => {
    listening();
    FakeSocket.last.say({ type: "refused", code: "unavailable", message: "", topic: ROOM });
    vi.advanceTimersByTime(5000);
    expect(FakeSocket.last.of("subscribe")).toHaveLength(2);
  });

  it("begins at the place of who stands furthest back", () => {
    listening(at(9));
    const late = listener(at(7));
    socket.listen(ROOM, late);
    settle();
    expect(FakeSocket.last.of("subscribe").at(-1)?.after).toEqual(at(7));
  });
});

describe("coming back", () => {
  it("takes longer each time, by chance from the first on, and 30 seconds at most", () => {
    listening();
    const waits: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      const timers = vi.spyOn(globalThis, "setTimeout");
      FakeSocket.last.end(1006);
      waits.push(timers.mock.calls.at(-1)?.[1] ?? 0);
      timers.mockRestore();
      expect(cameWithin(waits.at(-1) ?? 0)).toBe(1);
      FakeSocket.last.welcome();
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    vi.mocked(Math.random).mockReturnValue(0.1);
    FakeSocket.last.end(1006);
    expect(cameWithin(3000)).toBe(1);
  });

  it("begins anew after a minute that was good", () => {
    listening();
    for (let n = 0; n < 4; n += 1) {
      FakeSocket.last.end(1006);
      vi.advanceTimersByTime(10_000);
      FakeSocket.last.welcome();
    }
    for (let n = 0; n < 12; n += 1) {
      vi.advanceTimersByTime(5000);
      FakeSocket.last.say({ type: "pong" });
    }
    FakeSocket.last.end(1006);
    expect(cameWithin(500)).toBe(1);
  });

  it.each([CLOSED.restart, CLOSED.tooSlow])("is spread over seconds after %i", (code) => {
    listening();
    FakeSocket.last.end(code);
    expect(cameWithin(1999)).toBe(0);
    expect(cameWithin(1)).toBe(1);
  });

  it("is left to HTTP after three tries, and tried again each minute", () => {
    socket.listen(ROOM, listener());
    settle();
    for (const wait of [500, 1000]) {
      FakeSocket.last.end(1006);
      expect(socket.state).toBe("reconnecting");
      expect(cameWithin(wait)).toBe(1);
    }
    FakeSocket.last.end(1006);
    expect([socket.state, socket.topicState(ROOM)]).toEqual(["offline", "none"]);
    expect(cameWithin(59_999)).toBe(0);
    expect(cameWithin(1)).toBe(1);
    FakeSocket.last.welcome();
    expect(socket.state).toBe("live");
  });

  it("waits for the network", () => {
    listening();
    const online = vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    FakeSocket.last.end(1006);
    expect(cameWithin(60_000)).toBe(0);
    expect(socket.state).toBe("offline");
    online.mockReturnValue(true);
    dispatchEvent(new Event("online"));
    expect(cameWithin(0)).toBe(1);
  });
});

describe("a code that ends it", () => {
  it("of a session leads to the question who is signed in, and to no other try", () => {
    listening();
    FakeSocket.last.end(CLOSED.sessionEnded);
    expect(ended).toHaveBeenCalledOnce();
    expect(socket.state).toBe("offline");
    expect(cameWithin(600_000)).toBe(0);
    socket.sessionConfirmed(Date.now() - 700_000);
    expect(cameWithin(1000)).toBe(0);
    socket.sessionConfirmed(Date.now());
    expect(cameWithin(1000)).toBe(1);
  });

  it("is taken of a frame too, where close frames carry none", () => {
    listening();
    FakeSocket.last.say({ type: "closing", code: CLOSED.sessionEnded, reason: "signed out" });
    FakeSocket.last.end(1005);
    expect(ended).toHaveBeenCalledOnce();
    expect(cameWithin(600_000)).toBe(0);
  });

  it("of too many pages waits until this one is used", () => {
    listening();
    FakeSocket.last.end(CLOSED.replaced);
    expect(cameWithin(600_000)).toBe(0);
    dispatchEvent(new Event("keydown"));
    expect(cameWithin(1000)).toBe(1);
  });

  it("of misbehaviour is the last", () => {
    listening();
    FakeSocket.last.end(CLOSED.misbehaved);
    dispatchEvent(new Event("keydown"));
    dispatchEvent(new Event("online"));
    expect(cameWithin(600_000)).toBe(0);
  });
});

describe("a connection that is silent", () => {
  it("is asked every 20 seconds and replaced when it does not answer", () => {
    listening();
    vi.advanceTimersByTime(20_000);
    expect(FakeSocket.last.of("ping")).toHaveLength(1);
    FakeSocket.last.say({ type: "pong" });
    vi.advanceTimersByTime(20_000);
    expect(FakeSocket.last.of("ping")).toHaveLength(2);
    expect(cameWithin(10_000)).toBe(0);
    expect(cameWithin(1000)).toBe(1);
  });

  it("is asked from what it hears, where timers are slow", () => {
    listening();
    vi.setSystemTime(Date.now() + 25_000);
    events(5, 6);
    expect(FakeSocket.last.of("ping")).toHaveLength(1);
  });

  it.each([
    ["somebody looks again", () => document.dispatchEvent(new Event("visibilitychange"))],
    ["the network is back", () => dispatchEvent(new Event("online"))],
    [
      "the page is shown again",
      () => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })),
    ],
  ])("has five seconds when %s", (_, happens) => {
    listening();
    happens();
    expect(FakeSocket.last.of("ping")).toHaveLength(1);
    expect(cameWithin(4999)).toBe(0);
    expect(cameWithin(1000)).toBe(1);
  });

  it("is given up when it never says hello", () => {
    socket.listen(ROOM, listener());
    settle();
    expect(cameWithin(10_500)).toBe(1);
  });

  it("is replaced before the server's limit", () => {
    listening();
    const all = FakeSocket.all.length;
    for (let n = 0; n <= 6600 / 5; n += 1) {
      vi.advanceTimersByTime(5000);
      if (FakeSocket.all.length === all) FakeSocket.last.say({ type: "pong" });
    }
    expect(FakeSocket.all).toHaveLength(all + 1);
  });
});

describe("a message", () => {
  it("is said again over the next connection, under the same id", async () => {
    listening();
    const said = socket.say(ROOM, "c1", "hello");
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(1000);
    FakeSocket.last.welcome();
    expect(FakeSocket.last.of("shout")).toEqual([
      { type: "shout", room: ROOM, client_id: "c1", text: "hello" },
    ]);
    FakeSocket.last.say({
      type: "shouted",
      room: ROOM,
      client_id: "c1",
      outcome: "refused",
      code: "muted",
      message: "No.",
    });
    expect(await said).toMatchObject({ outcome: "refused", code: "muted" });
  });

  it("of which nothing is heard for ten seconds is given back", async () => {
    listening();
    const said = socket.say(ROOM, "c1", "hello");
    vi.advanceTimersByTime(10_000);
    expect(await said).toEqual({ outcome: "silent" });
  });
});

const page = (path: string, title = "") => ({ type: "page", path, title });
const told = () => FakeSocket.last.of("page");

describe("the page that is looked at", () => {
  it("is told once it is known who is there, and when it changes", () => {
    socket.look({ path: "/s/1", title: "One" });
    listening();
    expect(told()).toEqual([page("/s/1", "One")]);
    socket.look({ path: "/s/1", title: "One" });
    expect(told()).toHaveLength(1);
    socket.look({ path: "/s/1/team", title: "Team" });
    expect(told().at(-1)).toEqual(page("/s/1/team", "Team"));
  });

  it("is told to each further connection, as it is then", () => {
    socket.look({ path: "/s/1", title: "One" });
    listening();
    const first = FakeSocket.last;
    first.end(1012);
    socket.look({ path: "/s/1/audit", title: "Audit" });
    vi.advanceTimersByTime(4000);
    expect(FakeSocket.last).not.toBe(first);
    FakeSocket.last.welcome();
    expect(told()).toEqual([page("/s/1/audit", "Audit")]);
  });

  it("is told again when somebody looks at it again", () => {
    socket.look({ path: "/s/1", title: "One" });
    listening();
    document.dispatchEvent(new Event("visibilitychange"));
    expect(told()).toEqual([page("/s/1", "One"), page("/s/1", "One")]);
  });
});
