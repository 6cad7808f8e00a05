import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { usePermissions } from "~/guild/permissions";
import type texts from "./locale/en.json";

/** Codes that have a text of their own. */
type Reason = keyof (typeof texts)["reasons"];

/** Not every reason has something to do about it. */
type SomeFix = "reasons.too_late.fix";

/** What a code and the API's words about it say, taken apart. */
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
  stream_type: "notifications",
  end_action_leave: "notifications",
  no_channel: "notifications",
  streamer_paused: "streamer",
  destination_paused: "streamer",
  game_filter: "streamer",
  title_filter: "streamer",
  cooldown: "streamer",
  channel_deleted: "streamer",
  wrong_channel_type: "streamer",
  forum_tag_required: "streamer",
  blocked_by_automod: "templates",
  discord_50035: "templates",
  discord_50006: "templates",
  discord_40005: "templates",
  not_in_guild: "install",
  missing_access: "discord",
  missing_permission: "discord",
  embed_left_out: "discord",
};

/** What to allow where Discord has not said what is missing. */
const NEEDED: Partial<Record<Reason, string[]>> = {
  missing_access: ["VIEW_CHANNEL"],
  missing_permission: ["VIEW_CHANNEL", "SEND_MESSAGES", "EMBED_LINKS"],
  embed_left_out: ["EMBED_LINKS"],
};

/** How the API begins what it remarks on a message that was posted. */
const REMARKS: [string, Reason][] = [
  ["Discord left the embed out", "embed_left_out"],
  ["The message was deleted", "deleted_since"],
];

const beginning = (table: [string, Reason][], detail: string) =>
  table.find(([start]) => detail.startsWith(start))?.[1];

/** Whether the message was posted as its text alone. */
export function lostItsEmbed(detail: string | null | undefined): boolean {
  return beginning(REMARKS, detail ?? "") === "embed_left_out";
}

function numbered(code: string): { reason: Reason; values: Record<string, string> } | null {
  const [, kind, number = ""] = /^(discord|http)_(\d+)$/.exec(code) ?? [];
  if (!kind) return null;
  const reason = kind === "http" ? "http_status" : "discord_refused";
  return { reason, values: { number } };
}

function valuesIn(detail: string): Record<string, string> {
  const until = /^quiet until (.+)$/.exec(detail)?.[1];
  const seconds = /^cooldown: (\d+) s$/.exec(detail)?.[1];
  const type = /^type: (.+)$/.exec(detail)?.[1];
  return { ...(until && { until }), ...(seconds && { seconds }), ...(type && { type }) };
}

/** Takes a reason's code and detail apart; `known` tells which codes have a text. */
export function causeOf(
  code: string | null | undefined,
  detail: string | null | undefined,
  known: (code: string) => boolean,
): Cause | null {
  const words = detail ?? "";
  if (!code) {
    const remark = beginning(REMARKS, words);
    return remark ? { reason: remark, missing: [], values: {} } : null;
  }
  const missing = /Missing: ([A-Z_, ]+)\./.exec(words)?.[1]?.split(", ") ?? [];
  const found = { missing, values: valuesIn(words) };
  if (known(code)) return { ...found, reason: code as Reason };
  const number = numbered(code);
  if (number) return { ...found, reason: number.reason, values: number.values };
  return { ...found, reason: null };
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
  const { t } = useTranslation("delivery");
  const permissions = usePermissions();
  return (
    about: { reason?: string | null; detail?: string | null; missing?: string[] },
    context: { channel: string; streamer?: string | null; game?: string | null },
  ): Explained | null => {
    const cause = causeOf(about.reason, about.detail, (code) => hasText(t, code));
    if (!cause) return null;
    const { reason } = cause;
    const missing = about.missing ?? cause.missing;
    if (!reason) {
      const text = about.detail ?? t("unknownReason", { code: about.reason ?? "" });
      return { short: about.reason ?? "", text, fix: "", place: null };
    }
    const values = {
      channel: context.channel,
      streamer: context.streamer ?? t("theStreamer"),
      game: context.game ?? t("noGame"),
      permissions: permissions.names(missing),
      detail: about.detail ?? "",
      until: "–",
      seconds: "–",
      type: "–",
      number: "",
      ...cause.values,
    };
    const needed = missing.length > 0 ? missing : NEEDED[reason];
    return {
      short: missing.length > 0 ? t("missingShort", values) : t(`reasons.${reason}.short`, values),
      text: missing.length > 0 ? t("missing", values) : t(`reasons.${reason}.text`, values),
      fix: needed
        ? permissions.steps(needed, context.channel)
        : t(`reasons.${reason}.fix` as SomeFix, { ...values, defaultValue: "" }),
      place: PLACES[reason] ?? null,
    };
  };
}
