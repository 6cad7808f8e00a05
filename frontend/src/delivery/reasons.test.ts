import { describe, expect, test } from "vitest";
import english from "./locale/en.json";
import { outcomeOf, worthResending, type Delivery } from "./outcome";
import { causeOf } from "./reasons";

const known = (code: string) => code in english.reasons;

/** Every code that the services store with a delivery. */
const CODES = [
  "guild_paused",
  "streamer_paused",
  "destination_paused",
  "no_channel",
  "bot_left",
  "stream_type",
  "game_filter",
  "title_filter",
  "category_denied",
  "title_denied",
  "title_pattern",
  "language",
  "tags",
  "awaiting_viewers",
  "too_few_viewers",
  "recent_ping",
  "daily_pings",
  "unreadable_rules",
  "quiet_hours",
  "unknown_timezone",
  "cooldown",
  "end_action_leave",
  "destination_removed",
  "stream_ended",
  "message_deleted",
  "too_late",
  "channel_deleted",
  "missing_access",
  "missing_permission",
  "wrong_channel_type",
  "forum_tag_required",
  "thread_locked",
  "blocked_by_automod",
  "two_factor_required",
  "not_in_guild",
  "test_refused",
  "rebuilt",
  "circuit_open",
  "discord_unavailable",
  "rate_limited",
  "given_up",
  "timed_out",
  "embed_suppressed",
  "mention_unused",
  "not_pinged",
  "role_gone",
  "lookup_unanswered",
  "no_answer",
  "taken_up",
  "embed_left_out",
  "parts_left_out",
  "deleted_since",
  "discord_50035",
  "discord_340015",
  "http_418",
];

const valuesOf = (code: string, values: Record<string, unknown>) =>
  causeOf(code, values, known)?.values;

const delivery = (change: Partial<Delivery>): Delivery => ({
  id: "1",
  kind: "online",
  action: "create",
  status: "sent",
  attempts: 1,
  created_at: "2026-11-21T10:00:00Z",
  silent: false,
  resends: 0,
  ...change,
});

describe("causes", () => {
  test.each(CODES)("%s has a text", (code) => {
    expect(known(causeOf(code, null, known)?.reason ?? "")).toBe(true);
  });

  test("missing permissions are values", () => {
    const missing = ["VIEW_CHANNEL", "SEND_MESSAGES"];
    expect(causeOf("missing_permission", { missing }, known)).toEqual({
      reason: "missing_permission",
      missing,
      values: {},
    });
  });

  test("a refusal that nobody has described has no text of its own", () => {
    expect(causeOf("test_refused", null, known)?.reason).toBe("test_refused");
    expect(causeOf("brand_new", null, known)).toMatchObject({ reason: null });
  });

  test("a code of Discord's without a text keeps its number", () => {
    expect(causeOf("discord_340015", null, known)).toMatchObject({
      reason: "discord_refused",
      values: { number: "340015" },
    });
  });

  test("what a rule was about stands in the text", () => {
    expect(valuesOf("quiet_hours", { until: "07:00", timezone: "Europe/Berlin" })).toEqual({
      until: "07:00",
      timezone: "Europe/Berlin",
    });
    expect(valuesOf("cooldown", { seconds: 90 })).toEqual({ seconds: "90" });
    expect(valuesOf("game_filter", { game: null, wanted: ["Chess", "Go"] })).toEqual({
      wanted: "Chess, Go",
    });
  });

  test("what was just posted has no cause", () => {
    expect(causeOf(null, null, known)).toBeNull();
  });
});

describe("outcomes", () => {
  test.each([
    [{}, "posted"],
    [{ reason: "embed_left_out" }, "partial"],
    [{ reason: "parts_left_out" }, "partial"],
    [{ reason: "not_pinged" }, "unpinged"],
    [{ reason: "role_gone" }, "unpinged"],
    [{ reason: "taken_up" }, "posted"],
    [{ action: "edit" }, "merged"],
    [{ action: "edit", kind: "offline" }, "edited"],
    [{ action: "delete", kind: "offline" }, "deleted"],
    [{ kind: "test" }, "tested"],
    [{ kind: "test", status: "failed" }, "testFailed"],
    [{ status: "pending", attempts: 0 }, "waiting"],
    [{ status: "pending", reason: "rate_limited" }, "retrying"],
    [{ status: "dancing" }, "unknown"],
  ])("%o is %s", (change, outcome) => {
    expect(outcomeOf(delivery(change))).toBe(outcome);
  });

  test("only missed announcements that can still be sent are offered again", () => {
    expect(worthResending(delivery({ status: "failed" }))).toBe(true);
    expect(worthResending(delivery({ status: "sent" }))).toBe(false);
    expect(worthResending(delivery({ status: "skipped", reason: "stream_ended" }))).toBe(false);
    expect(worthResending(delivery({ status: "failed", kind: "offline" }))).toBe(false);
  });
});
