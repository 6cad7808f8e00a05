const RELOADED = "streammaxing-reloaded";
const lost = new WeakSet<object>();

/** Notes errors that come from a file which could not be loaded: a script, or the styles it needs. */
export function noteLostChunks() {
  addEventListener("vite:preloadError", ({ payload }) => lost.add(payload));
}

/** Whether a file could not be loaded; most often a new release has taken its place. */
export function isLostChunk(error: unknown): boolean {
  return typeof error === "object" && error !== null && lost.has(error);
}

/** Loads the page anew, which brings the new release; once for each, so that it does not go on for ever. */
export function reloadOnce() {
  const release = document.querySelector<HTMLScriptElement>("script[type=module]")?.src ?? "";
  try {
    if (!navigator.onLine || sessionStorage.getItem(RELOADED) === release) return;
    sessionStorage.setItem(RELOADED, release);
  } catch {
    // Without storage nobody would know that it was done before.
    return;
  }
  location.reload();
}
