import type { Tagged } from "~/api/client";

/** Changes that were not saved yet, and the version they were made on. */
export interface Draft<T> {
  base: Tagged<T>;
  value: T;
}

const PREFIX = "streammaxing-draft:";

/** Keeps a draft through a reload. */
export function storeDraft(id: string, draft: Draft<unknown>) {
  try {
    localStorage.setItem(PREFIX + id, JSON.stringify(draft));
  } catch {
    // A full or forbidden storage only costs the draft.
  }
}

/** The draft that was kept, if any. */
export function loadDraft<T>(id: string): Draft<T> | null {
  try {
    const stored = localStorage.getItem(PREFIX + id);
    const draft = stored ? (JSON.parse(stored) as Partial<Draft<T>> | null) : null;
    // What an older version of the dashboard has left may look different.
    return isObject(draft?.base?.value) && isObject(draft.value) ? (draft as Draft<T>) : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown) => typeof value === "object" && value !== null;

export function clearDraft(id: string) {
  try {
    localStorage.removeItem(PREFIX + id);
  } catch {
    // Nothing was stored, then.
  }
}

/** Forgets every draft: on a shared machine the next person has no business with them. */
export function clearAllDrafts() {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX)) localStorage.removeItem(key);
    }
  } catch {
    // Nothing was stored, then.
  }
}
