import { hashKey, type UseQueryResult } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import type { Tagged } from "~/api/client";
import { Problem, type FieldError } from "~/api/problem";
import { clearDraft, loadDraft, storeDraft } from "./drafts";
import { merge, type Conflict } from "./merge";

/** A document of the server while somebody edits it. */
export interface EditedDocument<T extends object> {
  /** What stands in the form. */
  value: T;
  /** What the server has. */
  base: T;
  /** Changes some fields. */
  patch: (change: Partial<T>) => void;
  dirty: boolean;
  saving: boolean;
  save: () => Promise<boolean>;
  discard: () => void;
  /** What the server says about a field, by its name: `destinations[0].channel_id`. */
  fieldError: (field: string) => FieldError | undefined;
  fieldErrors: FieldError[];
  /** What went wrong with the last save, other than fields and a conflict. */
  problem: Problem | null;
  /** Fields that somebody else has changed meanwhile to something else. */
  conflict: Conflict<T> | null;
  /** Takes over the fields as chosen. */
  resolve: (value: T) => void;
  /** Whether unsaved changes of an earlier visit were brought back. */
  restored: boolean;
}

interface Edit<T> {
  base: Tagged<T>;
  value: T;
  restored: boolean;
  conflict: Conflict<T> | null;
}

const same = (a: unknown, b: unknown) => hashKey([a]) === hashKey([b]);

/** Puts changes on top of what the server has now; both sides' changes are kept where they can be. */
function rebase<T extends object>(edit: Omit<Edit<T>, "conflict">, theirs: Tagged<T>): Edit<T> {
  const { value, conflict } = merge(edit.base.value, edit.value, theirs.value);
  return { base: theirs, value, restored: edit.restored, conflict };
}

function begin<T extends object>(id: string, server: Tagged<T>): Edit<T> {
  const draft = loadDraft<T>(id);
  if (!draft) return { base: server, value: server.value, restored: false, conflict: null };
  return rebase({ ...draft, restored: true }, server);
}

/**
 * Edits a document that is saved with `If-Match`.
 *
 * Changes survive a reload in a draft under `id`. When somebody else has saved meanwhile, fields
 * that only one side touched are merged; the others become a `conflict`.
 */
export function useDocument<T extends object>(options: {
  id: string;
  query: UseQueryResult<Tagged<T>>;
  save: (value: T, etag: string) => Promise<Tagged<T>>;
  onSaved?: (saved: Tagged<T>) => void;
}): EditedDocument<T> | null {
  const { id, query, onSaved } = options;
  const [edit, setEdit] = useState<Edit<T> | null>(null);
  const [failure, setFailure] = useState<Problem | null>(null);
  const [saving, setSaving] = useState(false);

  const server = query.data;
  if (server && (!edit || (edit.base.etag !== server.etag && !saving))) {
    setEdit(edit ? rebase(edit, server) : begin(id, server));
  }
  const dirty = edit !== null && !same(edit.value, edit.base.value);

  useEffect(() => {
    if (!edit) return;
    if (dirty) storeDraft(id, { base: edit.base, value: edit.value });
    else clearDraft(id);
  }, [id, edit, dirty]);

  const patch = useCallback((change: Partial<T>) => {
    setEdit((now) => now && { ...now, value: { ...now.value, ...change } });
  }, []);

  if (!edit) return null;

  const discard = () => {
    setFailure(null);
    setEdit({ ...edit, value: edit.base.value, restored: false, conflict: null });
  };
  const save = async () => {
    setSaving(true);
    setFailure(null);
    try {
      const saved = await options.save(edit.value, edit.base.etag);
      setEdit({ base: saved, value: saved.value, restored: false, conflict: null });
      onSaved?.(saved);
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setFailure(error);
      // The new version arrives through the query, and the changes are put on top of it.
      if (error.status === 412) await query.refetch();
      return false;
    } finally {
      setSaving(false);
    }
  };
  const fieldErrors = failure?.fields ?? [];
  const general = failure && failure.status !== 412 && fieldErrors.length === 0 ? failure : null;
  return {
    value: edit.value,
    base: edit.base.value,
    patch,
    dirty,
    saving,
    save,
    discard,
    fieldErrors,
    fieldError: (field) => fieldErrors.find((error) => error.field === field),
    problem: general,
    conflict: edit.conflict,
    resolve: (value) => setEdit({ ...edit, value, conflict: null }),
    restored: edit.restored && dirty,
  };
}
