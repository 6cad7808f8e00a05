import type { Schema } from "~/api/client";

type Check = Schema["Check"];

/** The steps of setting a server up, in their order. */
export const STEPS = ["bot", "channel", "streamers", "test"] as const;
export type Step = (typeof STEPS)[number];

/** Which steps are done. A step that cannot be checked now does not count as undone. */
export function stepsDone(checks: Check[]): Record<Step, boolean> {
  const state = (what: Step) => checks.find((check) => check.what === what)?.state;
  const bot = state("bot");
  return {
    bot: bot !== "problem",
    // Without the bot nobody can tell what its channel is.
    channel: bot !== "problem" && state("channel") !== "todo",
    streamers: state("streamers") !== "todo",
    test: state("test") !== "todo",
  };
}

/** A line of the health card. */
export type HealthLine =
  | { kind: "check"; check: Check }
  /** Streamers that cannot be announced in one place for one reason. */
  | { kind: "broken"; channelId: string | null; reason: string; streamers: Streamer[] };

/** A streamer as checks name them. */
interface Streamer {
  id: string;
  login: string;
}

/** The checks to show as health: problems first, set-up steps left out, destinations put together. */
export function healthLines(checks: Check[]): HealthLine[] {
  const lines: HealthLine[] = [];
  const groups = new Map<string, Extract<HealthLine, { kind: "broken" }>>();
  for (const check of checks) {
    const broken = check.what === "destination" ? brokenBy(check) : null;
    if (broken) {
      const key = `${check.channel_id ?? ""} ${broken.reason}`;
      const group = groups.get(key);
      if (group) {
        if (!group.streamers.some(({ id }) => id === broken.streamer.id)) {
          group.streamers.push(broken.streamer);
        }
        continue;
      }
      const made = {
        kind: "broken" as const,
        channelId: check.channel_id ?? null,
        reason: broken.reason,
        streamers: [broken.streamer],
      };
      groups.set(key, made);
      lines.push(made);
    } else if (check.state !== "todo" || check.what === "subscriptions") {
      lines.push({ kind: "check", check });
    }
  }
  return lines.sort((a, b) => rank(a) - rank(b));
}

const ORDER = ["problem", "unknown", "todo", "ok"];

function rank(line: HealthLine): number {
  return ORDER.indexOf(stateOf(line));
}

/** How a line is doing. */
export function stateOf(line: HealthLine): string {
  return line.kind === "broken" ? "problem" : line.check.state;
}

/** Who cannot be announced and why. */
function brokenBy({ streamer_id: id, login, reason }: Check) {
  return id && login && reason ? { streamer: { id, login }, reason } : null;
}

/** The names of channels that the checks mention, by id. */
export function channelNames(checks: Check[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const { channel_id: id, channel_name: name } of checks) {
    if (id && name) names.set(id, `#${name}`);
  }
  return names;
}
