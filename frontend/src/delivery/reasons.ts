import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { usePermissions } from "~/guild/permissions";
import { exact, span } from "~/ui/time";
import type texts from "./locale/en.json";

/** Codes that have a text of their own. */
type Reason = keyof (typeof texts)["reasons"];

/** Not every reason has something to do about it. */
type SomeFix = "reasons.too_late.fix";

/** Not every text needs to know what the reason is about. */
type SomePlain = "reasons.quiet_hours.plain";

/** What the API says beside a reason's code, by name. */
type ReasonValues = Record<string, unknown>;

/** A code and what it is about. */
export interface Cause {
  reason: Reason | null;
  /** Discord's names of permissions that are missing. */
  missing: string[];
  values: Record<string, string>;
}

/** Where on the dashboard, or on Discord, a cause is dealt with. */
type Place = "notifications" | "streamer" | "templates" | "install" | "discord";

const PLACES: Partial<Record<Reason, Place>> = {
  guild_paused: "notifications",
  quiet_hours: "notifications",
  unknown_timezone: "notifications",
  stream_type: "notifications",
  end_action_leave: "notifications",
  no_channel: "notifications",
  streamer_paused: "streamer",
  destination_paused: "streamer",
  game_filter: "streamer",
  title_filter: "streamer",
  cooldown: "streamer",
  unreadable_rules: "notifications",
  channel_deleted: "streamer",
  wrong_channel_type: "streamer",
  forum_tag_required: "streamer",
  blocked_by_automod: "templates",
  parts_left_out: "templates",
  discord_50035: "templates",
  discord_50006: "templates",
  discord_40005: "templates",
  not_in_guild: "install",
  bot_left: "install",
  missing_access: "discord",
  missing_permission: "discord",
  embed_left_out: "discord",
  not_pinged: "discord",
  timed_out: "discord",
  mention_unused: "templates",
  role_gone: "notifications",
};

/** Where a rule stands, as its values say, and is dealt with. */
const PLACE_OF: Record<string, Place> = { server: "notifications", channel: "streamer" };

/** What to allow where Discord has not said what is missing. */
const NEEDED: Partial<Record<Reason, string[]>> = {
  missing_access: ["VIEW_CHANNEL"],
  missing_permission: ["VIEW_CHANNEL", "SEND_MESSAGES", "EMBED_LINKS"],
  embed_left_out: ["EMBED_LINKS"],
  not_pinged: ["MENTION_EVERYONE"],
};

/** What a text cannot do without; not every delivery has it, and older ones do not. */
const NEEDS_VALUE: Partial<Record<Reason, string>> = {
  quiet_hours: "until",
  unknown_timezone: "timezone",
  timed_out: "until",
  cooldown: "pause",
  stream_type: "type",
  game_filter: "game",
  title_filter: "title",
  category_denied: "seen",
  title_denied: "seen",
  title_pattern: "seen",
  language: "seen",
  tags: "seen",
  awaiting_viewers: "wanted",
  too_few_viewers: "seen",
  recent_ping: "seen",
  daily_pings: "seen",
  test_refused: "detail",
  parts_left_out: "parts",
};

/** Where a permission is taken away, as far as a text says so. */
type At = keyof (typeof texts)["missingAt"];

const LEVELS: readonly At[] = ["server", "category", "channel", "thread"];

/** Reasons that are about nothing but the permissions that are missing. */
const LACKS: readonly Reason[] = ["missing_access", "missing_permission"];

/** Codes that end in a number for which there is no text of its own. */
const NUMBERED: [string, Reason][] = [
  ["discord_", "discord_refused"],
  ["http_", "http_status"],
];

const listed = (value: unknown): unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : [value];

/** Values as they stand in a text; lists with commas. */
function textsOf(values: ReasonValues): Record<string, string> {
  const given = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, listed(value).join(", ")]));
}

/** What a code and its values say; `known` tells which codes have a text. */
export function causeOf(
  code: string | null | undefined,
  values: ReasonValues | null | undefined,
  known: (code: string) => boolean,
): Cause | null {
  if (!code) return null;
  const { missing, ...about } = values ?? {};
  const found = { missing: missing ? listed(missing).map(String) : [], values: textsOf(about) };
  if (known(code)) return { ...found, reason: code as Reason };
  const numbered = NUMBERED.find(([prefix]) => code.startsWith(prefix));
  if (!numbered) return { ...found, reason: null };
  const number = code.slice(numbered[0].length);
  return { ...found, reason: numbered[1], values: { ...found.values, number } };
}

/** Whether there is a text about a code. */
function hasText(t: TFunction<"delivery">, code: string): boolean {
  return t(`reasons.${code as Reason}.short`, { defaultValue: "" }) !== "";
}

/** A cause in words. */
export interface Explained {
  /** A few words for a list. */
  short: string;
  /** What happened. */
  text: string;
  /** What to do about it; empty where nothing has to be done. */
  fix: string;
  place: Place | null;
}

/** Puts reasons into words; what is not known keeps the API's own. */
export function useReasons() {
  const { t, i18n } = useTranslation("delivery");
  const permissions = usePermissions();
  return (
    about: {
      reason?: string | null;
      reason_values?: ReasonValues | null;
      detail?: string | null;
      missing?: string[];
    },
    context: { channel: string; streamer?: string | null; game?: string | null },
  ): Explained | null => {
    const cause = causeOf(about.reason, about.reason_values, (code) => hasText(t, code));
    if (!cause) return null;
    const { reason } = cause;
    const missing = about.missing ?? cause.missing;
    if (!reason) {
      const text = about.detail ?? t("unknownReason", { code: about.reason ?? "" });
      return { short: about.reason ?? "", text, fix: "", place: null };
    }
    const { wanted, seen } = cause.values;
    const seconds = reason === "recent_ping" ? wanted : cause.values.seconds;
    const values = {
      channel: context.channel,
      streamer: context.streamer ?? t("theStreamer"),
      game: context.game ?? "",
      permissions: permissions.names(missing),
      detail: about.detail ?? "",
      pause: seconds ? span(Number(seconds) * 1000, i18n.language) : "",
      passed: reason === "recent_ping" && seen ? span(Number(seen) * 1000, i18n.language) : "",
      ...cause.values,
      ...(reason === "timed_out" && cause.values.until
        ? { until: exact(new Date(cause.values.until), i18n.language) }
        : {}),
    };
    const at = LEVELS.find((level) => level === cause.values.at);
    const needed = missing.length > 0 ? missing : NEEDED[reason];
    const lacks = missing.length > 0 && LACKS.includes(reason);
    const needs = NEEDS_VALUE[reason];
    const known: Record<string, string> = values;
    const text =
      needs && !known[needs]
        ? t(`reasons.${reason}.plain` as SomePlain, values)
        : t(`reasons.${reason}.text`, values);
    return {
      short: lacks ? t("missingShort", values) : t(`reasons.${reason}.short`, values),
      text: lacks ? t(at ? `missingAt.${at}` : "missing", values) : text,
      fix: needed
        ? permissions.steps(needed, context.channel, at)
        : t(`reasons.${reason}.fix` as SomeFix, { ...values, defaultValue: "" }),
      place:
        missing.length > 0
          ? "discord"
          : (PLACE_OF[cause.values.of ?? ""] ?? PLACES[reason] ?? null),
    };
  };
}
