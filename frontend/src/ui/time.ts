/** Times and spans as people say them, in the language given. */

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 24 * 3600],
  ["month", 30 * 24 * 3600],
  ["day", 24 * 3600],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** "3 minutes ago", "in 2 days". */
export function relative(at: Date, now: Date, language: string): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  const [unit, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? ["second", 1];
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  return format.format(Math.trunc(seconds / size), unit);
}

/** The moment to the second, by the reader's clock. */
export function exact(at: Date, language: string): string {
  const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  return format.format(at);
}

/** The time of day to the second, by the reader's clock. */
export function clock(at: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: "medium" }).format(at);
}

/** "820 ms", "1.4 s", "12 s", "2 min". */
export function span(ms: number, language: string): string {
  const unit = (value: number, name: string, digits: number) =>
    new Intl.NumberFormat(language, {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      maximumFractionDigits: digits,
    }).format(value);
  if (ms < 1000) return unit(ms, "millisecond", 0);
  if (ms < 120_000) return unit(ms / 1000, "second", ms < 10_000 ? 1 : 0);
  if (ms < 2 * 3_600_000) return unit(ms / 60_000, "minute", 0);
  return unit(ms / 3_600_000, "hour", 1);
}
