/** How long to wait until a socket is tried again: one count for all reasons. */

const FIRST_MS = 1000;
const CAP_MS = 30_000;
/** A socket that lived for so long was a good one: the next wait is the first again. */
export const STABLE_MS = 60_000;
/** Tries in a row that came to nothing, after which listeners look for themselves. */
const TRIES = 3;
const HOPELESS_MS = 60_000;
/** When a process restarts all of its sockets come back: the first wait is long enough to spread them. */
const RESTART_STEP = 2;

export class Backoff {
  private step = 0;
  private failures = 0;

  /** Whether a socket cannot be had for now. */
  get hopeless(): boolean {
    return this.failures >= TRIES;
  }

  /** Milliseconds until the next try, by chance from the first on, so that nobody comes in lockstep. */
  next(restart: boolean): number {
    if (this.hopeless) return HOPELESS_MS * (0.75 + Math.random() / 2);
    if (restart) this.step = Math.max(this.step, RESTART_STEP);
    const most = Math.min(CAP_MS, FIRST_MS * 2 ** this.step);
    this.step += 1;
    return most * Math.random();
  }

  /** A socket could not be opened. */
  failed() {
    this.failures += 1;
  }

  /** A socket was opened. */
  opened() {
    this.failures = 0;
  }

  /** It has lived long enough. */
  stable() {
    this.step = 0;
  }
}
