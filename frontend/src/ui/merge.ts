import { hashKey } from "@tanstack/react-query";

/** Fields that both sides changed to different things. */
export interface Conflict<T> {
  fields: (keyof T & string)[];
  mine: T;
  theirs: T;
}

/** Whether two values of JSON say the same, whatever the order of their keys. */
export const same = (a: unknown, b: unknown) => hashKey([a]) === hashKey([b]);

/** A three-way merge by field; where both sides changed one, mine stands until somebody decides. */
export function merge<T extends object>(
  base: T,
  mine: T,
  theirs: T,
): { value: T; conflict: Conflict<T> | null } {
  const value = { ...theirs };
  const fields: (keyof T & string)[] = [];
  for (const field of Object.keys({ ...base, ...mine, ...theirs }) as (keyof T & string)[]) {
    if (same(mine[field], base[field])) continue;
    value[field] = mine[field];
    const both = !same(theirs[field], base[field]) && !same(theirs[field], mine[field]);
    if (both) fields.push(field);
  }
  return { value, conflict: fields.length > 0 ? { fields, mine: value, theirs } : null };
}
