/** What can go wrong on the way through Discord's page. */
const CODES = [
  "access_denied",
  "consent_failed",
  "state_mismatch",
  "code_refused",
  "unauthenticated",
  "rate_limited",
  "unavailable",
] as const;

type SignInError = (typeof CODES)[number] | "not_secure" | "unknown";

/**
 * The code of an address as one that there are words for. Where browsers keep no secure cookies, that is why
 * the sign-in was not known again, and neither time nor another tab.
 */
export function signInError(text: string, isSecure: boolean): SignInError {
  const code = CODES.find((known) => known === text) ?? "unknown";
  return code === "state_mismatch" && !isSecure ? "not_secure" : code;
}
