import type { Schema } from "~/api/client";
import renamed from "./zones.json";

type Quiet = Schema["QuietHours"];

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Whether both ends are times of day, and differ. */
export function isComplete({ from, until }: Quiet): boolean {
  return TIME.test(from) && TIME.test(until) && from !== until;
}

/** Whether quiet hours end on the day after they begin. */
export function isOvernight({ from, until }: Quiet): boolean {
  return from > until;
}

/** Whether a time of day falls into the quiet hours; the end does not. */
export function isQuiet(quiet: Quiet, time: string): boolean {
  const { from, until } = quiet;
  return isOvernight(quiet) ? time >= from || time < until : time >= from && time < until;
}

/** Old names of zones and today's; the same table as in crates/services/src/zones.json. */
const TODAY: Record<string, string> = renamed;

/** Today's name of a zone. Browsers go by old ones for years, some of them for ever. */
function today(zone: string): string {
  return Object.hasOwn(TODAY, zone) ? (TODAY[zone] ?? zone) : zone;
}

/** A zone under all its names, the given one first. */
function namesOf(zone: string): string[] {
  const old = Object.keys(TODAY).filter((name) => TODAY[name] === today(zone));
  return [zone, today(zone), ...old];
}

/** The time of day in a zone, as in `22:30`; null when nobody knows the zone. */
export function timeIn(zone: string, at: Date): string | null {
  for (const name of namesOf(zone)) {
    try {
      const format = new Intl.DateTimeFormat("en-GB", {
        timeZone: name,
        hour: "2-digit",
        minute: "2-digit",
        hourCycle: "h23",
      });
      return format.format(at);
    } catch {
      // This browser may know it by another name.
    }
  }
  return null;
}

/** Whether it is a zone, and no offset or POSIX form. */
export function isZone(zone: string): boolean {
  const isName = /^[a-z]/i.test(zone) && !/^(posix|right)\//i.test(zone);
  return isName && timeIn(zone, new Date()) !== null;
}

/** The zone that the browser is set to. */
export function ownZone(): string {
  return today(Intl.DateTimeFormat().resolvedOptions().timeZone);
}

/** Every zone to choose, each by today's name, with the one that is chosen. */
export function zones(chosen: string): string[] {
  const known = Intl.supportedValuesOf("timeZone").map(today);
  return [...new Set(["UTC", ...known, ownZone(), chosen])].filter(Boolean).sort();
}
