/** What can go wrong on the way through Discord's page. */
const CODES = [
  "access_denied",
  "consent_failed",
  "state_mismatch",
  "code_refused",
  "unauthenticated",
  "unavailable",
] as const;

type SignInError = (typeof CODES)[number] | "unknown";

/** The code of an address as one that there are words for. */
export function signInError(text: string): SignInError {
  return CODES.find((code) => code === text) ?? "unknown";
}
