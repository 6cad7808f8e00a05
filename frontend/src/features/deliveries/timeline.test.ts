import { describe, expect, test } from "vitest";
import type { Schema } from "~/api/client";
import { hopsOf, offsetText } from "./timeline";

const at = (seconds: number) =>
  new Date(Date.UTC(2026, 10, 21, 10, 0, 0) + seconds * 1000).toISOString();

function view(change: {
  delivery?: Partial<Schema["DeliveryItem"]>;
  timeline?: Partial<Schema["Timeline"]>;
  attempts?: Schema["AttemptView"][];
}): Schema["DeliveryView"] {
  return {
    delivery: {
      id: "1",
      kind: "online",
      action: "create",
      status: "sent",
      attempts: 1,
      created_at: at(1.2),
      silent: false,
      resends: 0,
      ...change.delivery,
    },
    timeline: {
      started_at: at(0),
      received_at: at(1),
      committed_at: at(1.1),
      planned_at: at(1.2),
      claimed_at: at(1.3),
      sent_at: at(1.4),
      finished_at: at(1.6),
      expires_at: at(900),
      ...change.timeline,
    },
    attempts: change.attempts ?? [],
    opt_outs: 0,
    unhonoured_opt_outs: 0,
    unlisted_members: 0,
  };
}

const attempt = {
  attempt: 1,
  outcome: "sent",
  claimed_at: at(1.3),
  sent_at: at(1.4),
  answered_at: at(1.6),
};
const kinds = (data: Schema["DeliveryView"]) => hopsOf(data).map((hop) => hop.kind);

describe("the way of a delivery", () => {
  test("counts from when the stream began", () => {
    const hops = hopsOf(view({ attempts: [attempt] }));
    expect(hops.map(({ kind, offset }) => [kind, offset])).toEqual([
      ["started", 0],
      ["received", 1000],
      ["stored", 1100],
      ["planned", 1200],
      ["attempt", 1300],
      ["request", 1400],
      ["answer", 1600],
      ["settled", 1600],
    ]);
  });

  test("what waits says when it goes on and until when", () => {
    const data = view({
      delivery: { status: "pending", next_attempt_at: at(5) },
      timeline: { finished_at: null, sent_at: null },
      attempts: [{ ...attempt, outcome: "rate_limited" }],
    });
    expect(kinds(data).slice(-2)).toEqual(["next", "expires"]);
  });

  test("an attempt that sent nothing ends at once", () => {
    const data = view({
      delivery: { status: "skipped" },
      attempts: [{ attempt: 1, outcome: "stream_ended", claimed_at: at(1.3) }],
    });
    expect(kinds(data)).toContain("stopped");
    expect(kinds(data)).not.toContain("answer");
  });

  test("a test has no stream and no webhook", () => {
    const data = view({ delivery: { kind: "test" }, timeline: { started_at: null } });
    expect(hopsOf(data).map(({ kind, offset }) => [kind, offset])).toEqual([
      ["asked", 0],
      ["settled", 600],
    ]);
  });
});

test("offsets are exact while that tells something", () => {
  expect(offsetText(1043, "en")).toBe("+1,043 ms");
  expect(offsetText(-20, "en")).toBe("−20 ms");
  expect(offsetText(180_000, "en")).toBe("+3 min");
});
