import type { Schema } from "~/api/client";
import { span } from "~/ui/time";

type View = Schema["DeliveryView"];
type Attempt = Schema["AttemptView"];

/** What can happen on the way of a delivery. */
type HopKind =
  | "started"
  | "received"
  | "asked"
  | "stored"
  | "planned"
  | "claimed"
  | "attempt"
  | "request"
  | "answer"
  | "stopped"
  | "settled"
  | "next"
  | "expires";

/** Something that happened, or will, on the way of a delivery. */
export interface Hop {
  kind: HopKind;
  at: string;
  /** Milliseconds since the stream began; since the webhook where that is not known. */
  offset: number;
  attempt?: Attempt;
}

/** The way of a delivery, in the order in which it went. */
export function hopsOf({ delivery, timeline, attempts }: View): Hop[] {
  const zero = time(timeline.started_at ?? timeline.received_at);
  const hops: Hop[] = [];
  const add = (kind: HopKind, at: string | null | undefined, attempt?: Attempt) => {
    if (at) hops.push({ kind, at, offset: time(at) - zero, attempt });
  };
  const test = delivery.kind === "test";
  add("started", timeline.started_at);
  add(test ? "asked" : "received", timeline.received_at);
  if (!test) {
    add("stored", timeline.committed_at);
    add("planned", timeline.planned_at);
    if (attempts.length === 0) add("claimed", timeline.claimed_at);
  }
  for (const attempt of attempts) {
    add("attempt", attempt.claimed_at, attempt);
    add("request", attempt.sent_at, attempt);
    add(attempt.sent_at ? "answer" : "stopped", attempt.answered_at ?? unsent(attempt), attempt);
  }
  if (test) add("settled", timeline.finished_at ?? timeline.sent_at);
  const open = delivery.status === "pending" || delivery.status === "sending";
  if (!open && !test) add("settled", timeline.finished_at);
  if (delivery.status === "pending") add("next", delivery.next_attempt_at);
  if (open || delivery.status === "expired") add("expires", timeline.expires_at);
  // Sorting is stable: what happened in one instant stays in the order of the way.
  return hops.sort((a, b) => a.offset - b.offset);
}

const time = (at: string) => new Date(at).getTime();

/** An attempt that something stood in the way of left no request: it ended where it began. */
function unsent(attempt: Attempt): string | null {
  return attempt.sent_at ? null : attempt.claimed_at;
}

/** From here on milliseconds tell nobody anything. */
const EXACT_MS = 10_000;

/** "+1,043 ms", "+2 min". */
export function offsetText(ms: number, language: string): string {
  const sign = ms < 0 ? "−" : "+";
  const size = Math.abs(ms);
  if (size >= EXACT_MS) return sign + span(size, language);
  const format = new Intl.NumberFormat(language, {
    style: "unit",
    unit: "millisecond",
    unitDisplay: "short",
    maximumFractionDigits: 0,
  });
  return sign + format.format(size);
}
