import type { FieldError } from "~/api/problem";

/** What is wrong with a field or a part of it, `aliases[2]` being one of `aliases`. */
export const errorsOf = (all: readonly FieldError[], field: string): FieldError[] =>
  all.filter((error) => error.field === field || /^[[.]/.test(error.field.replace(field, "")));

/** What is left of the errors once some fields were changed. */
export const withoutChanged = (all: FieldError[], change: object): FieldError[] =>
  all.filter(({ field }) => !Object.keys(change).includes(field.split(/[.[]/)[0] ?? ""));
