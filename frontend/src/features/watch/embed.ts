/** Addresses of Twitch's own pages, and whether its player may be shown on ours. */

/** Twitch's logins; nothing else gets into an address. */
const LOGIN = /^[a-z0-9_]{1,25}$/i;
/** Narrower than this, or lower than 300 pixels, Twitch lets its player not be shown. */
export const LEAST_WIDTH_PX = 400;

/** Why Twitch refuses to be shown on a page: it has no name, or does not come over TLS. */
export type Barrier = "address" | "insecure";

/**
 * The name that Twitch has to be told of the page around its own.
 *
 * Twitch takes a host name alone, refuses IP addresses, and wants TLS everywhere but on `localhost`.
 */
export function parentOf({
  hostname,
  protocol,
}: Pick<Location, "hostname" | "protocol">): { parent: string } | { barrier: Barrier } {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  // All digits at the end make an IPv4 address of it, in whatever notation; IPv6 has brackets.
  if (name === "" || name.startsWith("[") || /(^|\.)(\d+|0x[0-9a-f]*)$/.test(name))
    return { barrier: "address" };
  if (protocol !== "https:" && name !== "localhost") return { barrier: "insecure" };
  return { parent: name };
}

/** A channel's page on Twitch. */
export const channelUrl = (login: string) => `https://www.twitch.tv/${encodeURIComponent(login)}`;

/** A channel's chat on Twitch, in a window of its own. */
export const chatPageUrl = (login: string) =>
  `https://www.twitch.tv/popout/${encodeURIComponent(login)}/chat`;

/** The player's page; muted, since browsers let nothing else begin by itself. */
export function playerUrl(login: string, parent: string, autoplay: boolean): string | null {
  if (!LOGIN.test(login)) return null;
  const query = new URLSearchParams({
    channel: login,
    parent,
    muted: "true",
    autoplay: String(autoplay),
  });
  return `https://player.twitch.tv/?${query}`;
}

/** The chat's page. */
export function chatUrl(login: string, parent: string, dark: boolean): string | null {
  if (!LOGIN.test(login)) return null;
  const query = new URLSearchParams({ parent });
  return `https://www.twitch.tv/embed/${login}/chat?${query}${dark ? "&darkpopout" : ""}`;
}

/** An address of Twitch's, as far as it is one; anything else leads nowhere. */
export function twitchLink(address: string | null | undefined): string | null {
  if (!address || !URL.canParse(address)) return null;
  const { protocol, hostname } = new URL(address);
  const isTwitch = hostname === "twitch.tv" || hostname.endsWith(".twitch.tv");
  return protocol === "https:" && isTwitch ? address : null;
}
