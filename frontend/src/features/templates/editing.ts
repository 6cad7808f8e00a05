import { createContext, use } from "react";
import type { Schema } from "~/api/client";
import type { FieldError, Values } from "~/template-language";

/** What every field of the editor needs to know. */
export interface Editing {
  variables: Schema["VariableView"][];
  /** What the variables stand for in the preview. */
  values: Values;
  /** What the server said about the last save. */
  told: FieldError[];
  onSave: () => void;
  onTest: () => void;
}

/** The editor around. */
export const EditingContext = createContext<Editing | null>(null);

/** The editor around; a field stands in one. */
export function useEditing(): Editing {
  const editing = use(EditingContext);
  if (!editing) throw new Error("a template field stands outside of an editor");
  return editing;
}
