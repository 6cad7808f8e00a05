import type { Schema } from "~/api/client";

export type Delivery = Schema["DeliveryItem"];

/** What a delivery came to, as people think of it. */
export type Outcome =
  | "posted"
  | "partial"
  | "unpinged"
  | "merged"
  | "edited"
  | "deleted"
  | "tested"
  | "testFailed"
  | "waiting"
  | "retrying"
  | "sending"
  | "skipped"
  | "failed"
  | "expired"
  | "unknown";

/** What is remarked on a message that should have pinged somebody. */
const UNPINGED = ["mention_unused", "not_pinged", "role_gone"];

/** Finds the outcome in state, kind and action. */
export function outcomeOf(delivery: Delivery): Outcome {
  switch (delivery.status) {
    case "pending":
      return delivery.attempts > 0 && delivery.reason ? "retrying" : "waiting";
    case "sending":
    case "skipped":
    case "expired":
      return delivery.status;
    case "failed":
      return delivery.kind === "test" ? "testFailed" : "failed";
    case "sent":
      return sent(delivery);
    default:
      return "unknown";
  }
}

const PARTIAL = ["embed_left_out", "parts_left_out"];

function sent({ kind, action, reason }: Delivery): Outcome {
  if (kind === "test") return "tested";
  if (action === "delete") return "deleted";
  // A stream that came back re-opens the message of the one before.
  if (action === "edit") return kind === "online" ? "merged" : "edited";
  if (UNPINGED.includes(reason ?? "")) return "unpinged";
  return PARTIAL.includes(reason ?? "") ? "partial" : "posted";
}

/** Whether something may still happen by itself. */
export function isOpen(delivery: Delivery): boolean {
  return delivery.status === "pending" || delivery.status === "sending";
}

/** Reasons that sending again would only meet again. */
const FINAL = ["stream_ended", "destination_removed"];

/** Whether sending it again is worth offering next to it in a list. */
export function worthResending(delivery: Delivery): boolean {
  const missed = ["failed", "skipped", "expired"].includes(delivery.status);
  return missed && delivery.kind === "online" && !FINAL.includes(delivery.reason ?? "");
}

/** A go-live that is older pings nobody unless somebody wants it; the API's own rule. */
const LATE_AFTER_MS = 10 * 60_000;

/** Whether a ping would come long after the go-live. */
export function isLate(delivery: Delivery, now: Date): boolean {
  const began = new Date(delivery.started_at ?? delivery.created_at);
  return now.getTime() - began.getTime() > LATE_AFTER_MS;
}

/** From the webhook to Discord, where that tells something: details and renames wait on purpose. */
export function latencyOf({ kind, status, latency_ms: ms }: Delivery): number | null {
  const waits = kind === "enrich" || kind === "update";
  return status === "sent" && !waits ? (ms ?? null) : null;
}
