import type { TFunction } from "i18next";
import { createContext, use } from "react";
import { useTranslation } from "react-i18next";
import type { Inline } from "./ast";
import type { Reading } from "./plain-text";
import { daysAgo, formatTime, type TimeSetting } from "./time";

/** The names of what can be mentioned, by id. */
export interface MentionNames {
  users?: Readonly<Record<string, string>>;
  roles?: Readonly<Record<string, string>>;
  channels?: Readonly<Record<string, string>>;
}

/** What every part of a preview needs to know. */
export interface Setting {
  names: MentionNames;
  time: TimeSetting;
  /** The hosts from which pictures are loaded. */
  imageHosts: readonly string[];
}

/** The setting of the preview around. */
export const SettingContext = createContext<Setting>({
  names: {},
  time: { locale: "en", now: new Date(0) },
  imageHosts: [],
});

/** The words of the preview, in its setting. */
export function useWords() {
  const { t } = useTranslation("preview");
  const { names, time } = use(SettingContext);
  return {
    t,
    /** How a mention or a timestamp reads. */
    read: readings(t, names, time),
    /** A time as it stands beside a message. */
    calendar: (at: Date) => calendarTime(t, at, time),
  };
}

function readings(t: TFunction<"preview">, names: MentionNames, time: TimeSetting): Reading {
  return (node) =>
    node.type === "timestamp"
      ? formatTime(new Date(node.seconds * 1000), node.style, time)
      : mentionText(t, node, names);
}

function mentionText(
  t: TFunction<"preview">,
  { kind, id }: Extract<Inline, { type: "mention" }>,
  { users, roles, channels }: MentionNames,
): string {
  switch (kind) {
    case "user":
      return `@${users?.[id] ?? t("unknown.user")}`;
    case "role":
      return `@${roles?.[id] ?? t("unknown.role")}`;
    case "channel":
      return `#${channels?.[id] ?? t("unknown.channel")}`;
    case "command":
      return `/${id}`;
    case "page":
      return t(`pages.${pageKey(id)}`);
    default:
      return `@${kind}`;
  }
}

function pageKey(id: string) {
  if (id === "customize" || id === "browse" || id === "guide") return id;
  return "linkedRoles";
}

function calendarTime(t: TFunction<"preview">, at: Date, time: TimeSetting): string {
  const days = daysAgo(at, time);
  if (days !== 0 && days !== 1) return formatTime(at, "s", time);
  return t(days === 0 ? "time.today" : "time.yesterday", { time: formatTime(at, "t", time) });
}
