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
  "stream_type",
  "game_filter",
  "title_filter",
  "quiet_hours",
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
  "no_answer",
  "discord_50035",
  "discord_340015",
  "http_418",
];

const valuesOf = (code: string, detail: string) => causeOf(code, detail, known)?.values;

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

  test("missing permissions are found in the sentence", () => {
    const detail =
      "The bot may not post in this channel. Allow it what is missing, for the bot's role or this channel. Missing: VIEW_CHANNEL, SEND_MESSAGES.";
    const missing = ["VIEW_CHANNEL", "SEND_MESSAGES"];
    expect(causeOf("missing_permission", detail, known)?.missing).toEqual(missing);
  });

  test("a refusal that nobody has described keeps the API's words", () => {
    expect(causeOf("test_refused", "Rejected: 340015.", known)?.reason).toBe("test_refused");
    expect(causeOf("brand_new", "Something new.", known)).toMatchObject({ reason: null });
  });

  test("a code of Discord's without a text keeps its number", () => {
    expect(causeOf("discord_340015", null, known)).toMatchObject({
      reason: "discord_refused",
      values: { number: "340015" },
    });
  });

  test("details of rules are taken apart", () => {
    expect(valuesOf("quiet_hours", "quiet until 07:00")).toEqual({ until: "07:00" });
    expect(valuesOf("cooldown", "cooldown: 90 s")).toEqual({ seconds: "90" });
    expect(valuesOf("stream_type", "type: rerun")).toEqual({ type: "rerun" });
    expect(valuesOf("quiet_hours", "game: Chess, title: any%")).toEqual({});
  });

  test("what was posted with a remark has a cause, what was just posted has none", () => {
    const detail = 'Discord left the embed out. Grant the bot "Embed Links" here.';
    expect(causeOf(null, detail, known)?.reason).toBe("embed_left_out");
    expect(causeOf(null, null, known)).toBeNull();
  });
});

describe("outcomes", () => {
  test.each([
    [{}, "posted"],
    [{ detail: "Discord left the embed out." }, "partial"],
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
