import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Happening } from "./feed";
import { EVERY_MS, useAnnouncer } from "./useAnnouncer";

const happening = (position: number): Happening => ({
  id: String(position),
  position,
  kind: "follow",
  at: "",
  isTest: false,
  details: {},
});

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("says one thing at once, and a flood as a number now and then", async () => {
  const said: string[] = [];
  const { result } = renderHook(() => {
    const announcer = useAnnouncer((latest, several) => `${several} to ${latest.position}`);
    if (announcer.text !== said.at(-1)) said.push(announcer.text);
    return announcer;
  });
  act(() => result.current.note([happening(1)]));
  await pass(0);
  for (let position = 2; position <= 101; position += 1) {
    act(() => result.current.note([happening(position)]));
    await pass(20);
  }
  await pass(EVERY_MS);
  expect(said).toEqual(["", "1 to 1", "100 to 101"]);
  await pass(10 * EVERY_MS);
  act(() => result.current.note([]));
  await pass(EVERY_MS);
  expect(said).toHaveLength(3);
});
