import { describe, expect, test } from "vitest";
import type { Schema } from "~/api/client";
import { fold } from "./fold";
import { deliverySearch, filterOf } from "./search";

const delivery = (id: string, status = "sent"): Schema["DeliveryItem"] => ({
  id,
  status,
  kind: "online",
  action: "create",
  attempts: 1,
  created_at: "2026-11-21T10:00:00Z",
  silent: false,
  resends: 0,
});

describe("watching the log", () => {
  test("new deliveries are counted and move nothing", () => {
    const folded = fold([delivery("2"), delivery("1")], {
      items: [delivery("4"), delivery("3"), delivery("2"), delivery("1")],
    });
    expect(folded.rows.map((row) => row.delivery.id)).toEqual(["2", "1"]);
    expect(folded).toMatchObject({ fresh: 2, more: false });
  });

  test("a listed delivery shows its latest state", () => {
    const folded = fold([delivery("1", "pending")], { items: [delivery("1", "sent")] });
    expect(folded.rows).toEqual([{ delivery: delivery("1", "sent"), moved: false }]);
  });

  test("what the filter does not find any more is marked, older pages are not", () => {
    const listed = [delivery("3"), delivery("2"), delivery("1")];
    const folded = fold(listed, { items: [delivery("3")], next: "3" });
    expect(folded.rows.map((row) => row.moved)).toEqual([false, false, false]);
    const all = fold(listed, { items: [delivery("3"), delivery("1")], next: null });
    expect(all.rows.map((row) => row.moved)).toEqual([false, true, false]);
  });

  test("a page of nothing but news says that there may be more", () => {
    const folded = fold([delivery("1")], { items: [delivery("3"), delivery("2")], next: "2" });
    expect(folded).toMatchObject({ fresh: 2, more: true });
  });

  test("before anything was asked again, the list stands as it is", () => {
    expect(fold([delivery("1")], undefined)).toMatchObject({ fresh: 0 });
  });
});

describe("filters of an address", () => {
  test("what is not known is left out", () => {
    const search = { status: "exploded", kind: 7, range: "1y", streamer_id: "a b" };
    expect(deliverySearch(search)).toEqual({});
  });

  test("a streamer's id may read like a number", () => {
    expect(deliverySearch({ streamer_id: 70011223, status: "failed" })).toEqual({
      streamer_id: "70011223",
      status: "failed",
    });
  });

  test("a range becomes a moment that stays for an hour", () => {
    const since = [1, 3_599].map(
      (second) => filterOf({ range: "24h" }, new Date(Date.UTC(2026, 10, 21, 10, 0, second))).since,
    );
    expect(since).toEqual(["2026-11-20T10:00:00.000Z", "2026-11-20T10:00:00.000Z"]);
  });
});
