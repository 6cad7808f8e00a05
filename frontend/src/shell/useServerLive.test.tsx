import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useLiveSession, type TopicEvent } from "~/api/live";
import { FakeSocket } from "~/api/live/testing";
import { useRenewal, useServerLive } from "./useServerLive";

const TOPIC = "server:1";
const asked: Record<string, number> = {};

/** A page that shows these. */
function usePage(guildId: string | null) {
  useLiveSession(1, () => {});
  useServerLive(guildId);
  for (const query of ["overview", "streamers", "deliveries", "newest"]) {
    // oxlint-disable-next-line react/rules-of-hooks -- always the same
    useQuery({
      queryKey: ["guild", "1", query],
      queryFn: () => (asked[query] = (asked[query] ?? 0) + 1),
      staleTime: Infinity,
    });
  }
  return useRenewal("1", 15_000);
}

async function show(guildId: string | null = "1") {
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const page = renderHook(() => usePage(guildId), { wrapper });
  await act(() => vi.advanceTimersByTimeAsync(10));
  return page;
}

async function tell(position: number, data: { what?: string[] } | null) {
  const events: TopicEvent[] = [{ position, kind: "changed", data }];
  const place = { position, tag: "t" };
  await act(async () => {
    FakeSocket.last.say({ type: "events", topic: TOPIC, after: position - 1, place, events });
    await vi.advanceTimersByTimeAsync(10);
  });
}

async function connect() {
  await act(async () => {
    FakeSocket.last.welcome();
    FakeSocket.last.say({ type: "subscribed", topic: TOPIC, place: { position: 0, tag: "" } });
    await vi.advanceTimersByTimeAsync(0);
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.install();
  for (const query of Object.keys(asked)) delete asked[query];
});

afterEach(() => {
  // What the page has listened to is let go of.
  vi.advanceTimersByTime(1);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("asks again for what shows the change, and leaves the log's pages where they are", async () => {
  const page = await show();
  await connect();
  await tell(1, { what: ["streams"] });
  expect(asked).toEqual({ overview: 2, streamers: 2, deliveries: 1, newest: 1 });
  await act(() => vi.advanceTimersByTimeAsync(1000));
  await tell(2, { what: ["deliveries"] });
  expect(asked).toEqual({ overview: 3, streamers: 2, deliveries: 1, newest: 2 });
  page.unmount();
});

it("asks once a second at most", async () => {
  const page = await show();
  await connect();
  for (let position = 1; position <= 5; position += 1) await tell(position, { what: ["streams"] });
  expect(asked.overview).toBe(2);
  await act(() => vi.advanceTimersByTimeAsync(1000));
  expect(asked.overview).toBe(3);
  await act(() => vi.advanceTimersByTimeAsync(5000));
  expect(asked.overview).toBe(3);
  page.unmount();
});

it("looks by itself as often as before where the socket is not live", async () => {
  const page = await show();
  expect(page.result.current).toBe(15_000);
  await connect();
  expect(page.result.current).toBe(60_000);
  await act(async () => FakeSocket.last.end(1006));
  expect(page.result.current).toBe(15_000);
  page.unmount();
});

it("opens nothing for who does not manage the server", async () => {
  const page = await show(null);
  expect(FakeSocket.all).toHaveLength(0);
  page.unmount();
});
