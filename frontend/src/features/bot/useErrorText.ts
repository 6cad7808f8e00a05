import type { FieldError } from "~/api/problem";
import { errorsOf } from "./fieldErrors";
import { useProblemWords } from "./problems";

/** Finds what to write below a field: what is wrong with it, in the reader's language. */
export function useErrorText(errors: readonly FieldError[]) {
  const explain = useProblemWords();
  return (field: string): string | undefined => {
    const found = [...new Set(errorsOf(errors, field).map(explain))];
    return found.length > 0 ? found.join(" ") : undefined;
  };
}
