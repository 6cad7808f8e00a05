import { expect, test } from "vitest";
import { isLate, type Delivery } from "./outcome";

test("a go-live is late ten minutes after the stream began", () => {
  const delivery = {
    started_at: "2026-11-21T18:00:00Z",
    created_at: "2026-11-21T18:09:00Z",
  } as Delivery;
  const late = (at: string) => isLate(delivery, new Date(at));
  expect(late("2026-11-21T18:10:00Z")).toBe(false);
  expect(late("2026-11-21T18:10:01Z")).toBe(true);
});
