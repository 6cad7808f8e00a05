/** A choice for one streamer, as the page offers it. */
export type Choice = "server" | "ping" | "mute";

/** What the API says as a choice. */
export function choiceOf(wants: boolean | null | undefined): Choice {
  if (wants === undefined || wants === null) return "server";
  return wants ? "ping" : "mute";
}

/** A choice as the API takes it; null forgets it, so that the server's counts. */
export function wantsOf(choice: Choice): boolean | null {
  return choice === "server" ? null : choice === "ping";
}

/** How the number of streamers that were turned off changes with a choice. */
export function optedOutBy(before: boolean | null | undefined, after: boolean | null): number {
  return Number(after === false) - Number(before === false);
}
