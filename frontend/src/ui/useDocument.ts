import type { UseQueryResult } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import type { Tagged } from "~/api/client";
import { Problem, type FieldError } from "~/api/problem";
import { sessionEnded } from "~/api/session";
import { clearDraft, loadDraft, storeDraft } from "./drafts";
import { merge, same, type Conflict } from "./merge";

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
  /** What the server says about fields that were not changed since. */
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
  id: string;
  base: Tagged<T>;
  value: T;
  restored: boolean;
  conflict: Conflict<T> | null;
  /** Versions that were left behind; an answer that was long under way may still bring one. */
  past: string[];
}

/** What was refused, and why: an error counts until its field is changed. */
interface Failure<T> {
  problem: Problem;
  sent: T;
}

/** How often changes are put on top of somebody else's within one save. */
const SAVES = 3;

/** Puts changes on top of what the server has now; both sides' changes are kept where they can be. */
function rebase<T extends object>(edit: Edit<T>, theirs: Tagged<T>): Edit<T> {
  if (edit.base.etag === theirs.etag || edit.past.includes(theirs.etag)) return edit;
  const { value, conflict } = merge(edit.base.value, edit.value, theirs.value);
  // What was to be decided still is, unless they have come round meanwhile.
  const open = (edit.conflict?.fields ?? []).filter(
    (field) => !same(value[field], theirs.value[field]),
  );
  const fields = [...new Set([...open, ...(conflict?.fields ?? [])])];
  return {
    ...edit,
    base: theirs,
    value,
    conflict: fields.length > 0 ? { fields, mine: value, theirs: theirs.value } : null,
    past: [...edit.past, edit.base.etag],
  };
}

function begin<T extends object>(id: string, server: Tagged<T>): Edit<T> {
  const fresh = { id, base: server, value: server.value, conflict: null, past: [] };
  const draft = loadDraft<T>(id);
  if (!draft) return { ...fresh, restored: false };
  return rebase({ ...fresh, ...draft, restored: true }, server);
}

/** The edit after a save; what was typed while it was under way stays. */
function settled<T extends object>(edit: Edit<T>, sent: T, saved: Tagged<T>): Edit<T> {
  return {
    ...edit,
    base: saved,
    value: merge(sent, edit.value, saved.value).value,
    restored: false,
    conflict: null,
    past: [...edit.past, edit.base.etag].filter((etag) => etag !== saved.etag),
  };
}

/** The part of a document that a field's name leads to. */
function at(value: unknown, field: string): unknown {
  const steps = field.split(/[.[\]]+/).filter(Boolean);
  let part = value;
  for (const step of steps) part = (part as Record<string, unknown> | null | undefined)?.[step];
  return part;
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
  const [kept, setEdit] = useState<Edit<T> | null>(null);
  const [failure, setFailure] = useState<Failure<T> | null>(null);
  const [saving, setSaving] = useState(false);

  const server = query.data;
  let edit = kept?.id === id ? kept : null;
  if (server && !saving) {
    const now = edit ? rebase(edit, server) : begin(id, server);
    if (now !== edit) {
      if (kept && kept.id !== id) setFailure(null);
      setEdit(now);
      edit = now;
    }
  }
  const dirty = edit !== null && !same(edit.value, edit.base.value);

  useEffect(() => {
    // Until a conflict is decided the draft keeps its old base: a reload asks again.
    if (!edit || edit.conflict) return;
    if (dirty) storeDraft(id, { base: edit.base, value: edit.value });
    else clearDraft(id);
  }, [id, edit, dirty]);

  const patch = useCallback((change: Partial<T>) => {
    setEdit((now) => now && { ...now, value: { ...now.value, ...change } });
  }, []);

  if (!edit) return null;
  const current = edit;

  const discard = () => {
    setFailure(null);
    clearDraft(id);
    setEdit({ ...current, value: current.base.value, restored: false, conflict: null });
  };

  /** Sends the changes; somebody else's that do not touch them are taken in on the way. */
  const send = async (from: Edit<T>, saves: number): Promise<boolean> => {
    try {
      const saved = await options.save(from.value, from.base.etag);
      setEdit((now) => (now?.id === id ? settled(now, from.value, saved) : now));
      onSaved?.(saved);
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 401) sessionEnded.set(true);
      if (error.status !== 412) {
        setFailure({ problem: error, sent: from.value });
        return false;
      }
      const fresh = await query.refetch();
      const next = fresh.data ? rebase(from, fresh.data) : from;
      setEdit((now) => (now?.id === id && fresh.data ? rebase(now, fresh.data) : now));
      if (next !== from && !next.conflict && saves > 1) return send(next, saves - 1);
      const unread = fresh.error instanceof Problem ? fresh.error : error;
      if (!next.conflict) setFailure({ problem: unread, sent: from.value });
      return false;
    }
  };
  const save = async () => {
    if (saving || current.conflict) return false;
    setSaving(true);
    setFailure(null);
    try {
      return await send(current, SAVES);
    } finally {
      setSaving(false);
    }
  };

  const fieldErrors = (failure?.problem.fields ?? []).filter((error) =>
    same(at(failure?.sent, error.field), at(current.value, error.field)),
  );
  const general = failure && failure.problem.fields.length === 0 ? failure.problem : null;
  return {
    value: current.value,
    base: current.base.value,
    patch,
    dirty,
    saving,
    save,
    discard,
    fieldErrors,
    fieldError: (field) => fieldErrors.find((error) => error.field === field),
    problem: general,
    conflict: current.conflict,
    resolve: (value) => setEdit({ ...current, value, conflict: null }),
    restored: current.restored && dirty,
  };
}
