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

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("says one thing at once, and a flood as a number now and then", () => {
  const said: string[] = [];
  const { result } = renderHook(() => {
    const announcer = useAnnouncer((latest, several) => `${several} to ${latest.position}`);
    if (announcer.text !== said.at(-1)) said.push(announcer.text);
    return announcer;
  });
  const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms));
  act(() => result.current.note([happening(1)]));
  pass(0);
  for (let position = 2; position <= 101; position += 1) {
    act(() => result.current.note([happening(position)]));
    pass(20);
  }
  pass(EVERY_MS);
  expect(said).toEqual(["", "1 to 1", "100 to 101"]);
  pass(10 * EVERY_MS);
  act(() => result.current.note([]));
  pass(EVERY_MS);
  expect(said).toHaveLength(3);
});
