import { countChars } from "./chars";

/** Why an address can never work, in the API's codes and words. */
export const ADDRESS_PROBLEMS = {
  scheme: "must begin with https:// or http://",
  credentials: "must not hold a user name or password: everybody would see it",
  no_host: "names no server: write it as in https://example.com/picture.png",
  host: "names a server that Discord refuses: letters, digits and - with at least one dot, as in example.com",
  port: "has a port that does not exist: 1 to 65535, or leave it out",
  too_long: "is longer than the 2,048 characters that Discord takes",
} as const;

export type AddressProblem = keyof typeof ADDRESS_PROBLEMS;

const MAX_CHARS = 2048;
const MAX_PORT = 65_535;

/**
 * The address that a person means, in the form that Discord takes; without a scheme it is https.
 * `testdata/address-vectors.json` holds this and the server's parser to the same results.
 */
export function webAddress(
  text: string,
): { address: string; problem?: undefined } | { address?: undefined; problem: AddressProblem } {
  const full = withScheme(text.trim());
  if (full === null) return { problem: "scheme" };
  const problem = authorityProblem(full);
  if (problem) return { problem };
  const url = parsed(full);
  if (!url || !isPublicName(url.hostname)) return { problem: "host" };
  const address = url.href;
  return countChars(address) > MAX_CHARS ? { problem: "too_long" } : { address };
}

/** Puts https before an address that begins with its server; `null` for another scheme. */
function withScheme(text: string): string | null {
  const [, scheme, rest = ""] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(text) ?? [];
  if (scheme === undefined) return `https://${text.replace(/^\/\//, "")}`;
  if (/^https?$/i.test(scheme) && rest.startsWith("//")) return text;
  // A port: `example.com:8443/logo.png`.
  return /^\d/.test(rest) ? `https://${text}` : null;
}

/** What a browser forgives and Discord does not, with a reason of its own. */
function authorityProblem(text: string): AddressProblem | null {
  const rest = text.slice(text.indexOf("://") + 3);
  const authority = /^[^/\\?#]*/.exec(rest)?.[0] ?? "";
  if (authority.includes("@")) return "credentials";
  const [, host = authority, port = ""] = /^(.*):([^:\]]*)$/s.exec(authority) ?? [];
  if (host === "") return "no_host";
  return port === "" || (/^\d+$/.test(port) && Number(port) <= MAX_PORT) ? null : "port";
}

/** A name with a dot in it, of letters, digits and hyphens. */
function isPublicName(host: string): boolean {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(host);
}

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
