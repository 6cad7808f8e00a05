/** A value of a field, as it was or is. */
export type Value = string | number | boolean | null;

/** A field that differs. */
export interface Change {
  /** Where: `embed.title`, or `1234.enabled` for the destination in a channel. */
  path: string[];
  before: Value | undefined;
  after: Value | undefined;
}

/** The fields in which two documents differ, in the order in which they stand there. */
export function changesOf(before: unknown, after: unknown): Change[] {
  const old = flatten(before);
  const now = flatten(after);
  const keys = new Set([...old.keys(), ...now.keys()]);
  const changes: Change[] = [];
  for (const key of keys) {
    const [was, is] = [old.get(key), now.get(key)];
    if (was?.value === is?.value || (!was && is?.value === false)) continue;
    const path = (is ?? was)?.path ?? [];
    changes.push({ path, before: was?.value, after: is?.value });
  }
  // What is made anew has many fields that say nothing.
  return changes.filter(({ before: was, after: is }) => !(isNothing(was) && isNothing(is)));
}

const isNothing = (value: Value | undefined) =>
  value === undefined || value === null || value === "";

interface Leaf {
  path: string[];
  value: Value;
}

function flatten(document: unknown): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const walk = (value: unknown, path: string[]) => {
    if (value === undefined) return;
    if (Array.isArray(value) && value.every((each) => !isObject(each))) {
      leaves.set(path.join("\n"), { path, value: value.join(", ") });
    } else if (Array.isArray(value)) {
      value.forEach((each, index) => walk(each, [...path, nameOf(each, index)]));
    } else if (isObject(value)) {
      // A streamer's destinations are known by their channels: the list needs no name.
      for (const [key, each] of Object.entries(value))
        walk(each, key === "destinations" ? path : [...path, key]);
    } else if (value === null || ["string", "number", "boolean"].includes(typeof value)) {
      leaves.set(path.join("\n"), { path, value: value as Value });
    }
  };
  walk(document, []);
  return leaves;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a row of a list is known by: its channel, or its name, rather than its place. */
function nameOf(value: unknown, index: number): string {
  if (!isObject(value)) return String(index + 1);
  const { channel_id: channel, name } = value;
  if (typeof channel === "string") return `channel ${channel}`;
  if (channel === null) return "channel ";
  return typeof name === "string" && name !== "" ? name : String(index + 1);
}
