import type { EditorView } from "@codemirror/view";
import { createContext, use, useState, useSyncExternalStore, type ReactNode } from "react";
import type { Context } from "~/template-language";

/** A field that a toolbar can act on. */
export interface Target {
  view: EditorView;
  context: Context;
}

/** Remembers which of several fields had the focus last. */
export class FocusRegistry {
  private current: Target | undefined;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly get = () => this.current;

  focused(target: Target) {
    this.set(target);
  }

  removed(view: EditorView) {
    if (this.current?.view === view) this.set(undefined);
  }

  private set(target: Target | undefined) {
    this.current = target;
    for (const listener of this.listeners) listener();
  }
}

const NONE = new FocusRegistry();
const RegistryContext = createContext(NONE);

/** Joins the fields within with the toolbar within. */
export function TemplateEditors({ children }: { children: ReactNode }) {
  const [registry] = useState(() => new FocusRegistry());
  return <RegistryContext value={registry}>{children}</RegistryContext>;
}

/** The registry around; without `TemplateEditors` one that all fields share. */
export function useFocusRegistry(): FocusRegistry {
  return use(RegistryContext);
}

/** The field that had the focus last. */
export function useTarget(): Target | undefined {
  const { subscribe, get } = useFocusRegistry();
  return useSyncExternalStore(subscribe, get);
}
