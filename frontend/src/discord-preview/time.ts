import type { TimestampStyle } from "./ast";

/** In which language and zone times are shown, and what time it is. */
export interface TimeSetting {
  locale: string;
  now: Date;
  /** An IANA zone; the browser's own when left out. */
  timeZone?: string;
}

type AbsoluteStyle = Exclude<TimestampStyle, "R">;

const FORMATS: Record<AbsoluteStyle, Intl.DateTimeFormatOptions> = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { year: "numeric", month: "2-digit", day: "2-digit" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};
const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;
const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * DAY_S],
  ["month", 30 * DAY_S],
  ["day", DAY_S],
  ["hour", HOUR_S],
  ["minute", MINUTE_S],
  ["second", 1],
];

/** A time in one of Discord's styles. */
export function formatTime(at: Date, style: TimestampStyle, setting: TimeSetting): string {
  if (style === "R") return formatRelative(at, setting);
  const { locale, timeZone } = setting;
  return new Intl.DateTimeFormat(locale, { ...FORMATS[style], timeZone }).format(at);
}

function formatRelative(at: Date, { locale, now }: TimeSetting): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  const amount = Math.trunc(seconds / size);
  const numeric = amount === 0 ? "auto" : "always";
  return new Intl.RelativeTimeFormat(locale, { numeric }).format(amount, unit);
}

/** How many midnights lie between a time and now: 0 today, 1 yesterday. */
export function daysAgo(at: Date, { now, timeZone }: TimeSetting): number {
  const day = (date: Date) => {
    const options = { year: "numeric", month: "numeric", day: "numeric", timeZone } as const;
    const parts = new Intl.DateTimeFormat("en", options).formatToParts(date);
    const [year = 0, month = 1, dayOfMonth = 1] = ["year", "month", "day"].map((type) =>
      Number(parts.find((part) => part.type === type)?.value),
    );
    return Date.UTC(year, month - 1, dayOfMonth);
  };
  return Math.round((day(now) - day(at)) / (DAY_S * 1000));
}
