import type { Schema } from "~/api/client";
import type { EditedDocument } from "~/ui/useDocument";

/** What every part of the page works on. */
export interface PartProps {
  guildId: string;
  document: EditedDocument<Schema["ConfigBody"]>;
  /** What is wrong with a field, in words. */
  error: (field: string) => string | undefined;
}
