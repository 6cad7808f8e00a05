/**
 * Names of Twitch channels as people type and paste them. The API reads them in the same way;
 * testdata/pasted-channels.json holds both to it.
 */

/** What a text is that names no channel; `name`: no address, and no name that a channel can have. */
export type NoChannel =
  "video" | "clip" | "category" | "team" | "search" | "page" | "elsewhere" | "name";

/** What a text names. */
export type Pasted = { login: string } | { not: NoChannel };

const INVISIBLE =
  /[\s\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad\u{e0000}-\u{e007f}]/gu;
const LOGIN = /^[a-z0-9_]{1,25}$/;
/** What stands around a name in a chat or a document, and behind it in a sentence. */
const BEFORE = /^["'`*|~()„“”‚‘’«»‹›]+/;
const BEHIND = /["'`*|~()„“”‚‘’«»‹›.,;:!?…]+$/;
/** Of a host, what stands before `twitch.tv`. */
const ON_TWITCH = /^(?:([^@:]*)\.)?twitch\.tv\.?(?::\d*)?$/;
/** First parts of paths on twitch.tv that the channel's name follows. */
const BEFORE_A_LOGIN = new Set(["popout", "moderator", "embed", "u", "subs", "products"]);
/** Twitch's own pages. A channel of such a name has no address there, and is found by the bare name. */
const PAGES = new Set(
  (
    "activate bits broadcast checkout creatorcamp downloads drops following friends inventory jobs " +
    "legal login logout p payments prime privacy redeem security settings signup store " +
    "subscriptions turbo user wallet"
  ).split(" "),
);

/** What a typed or pasted text names: a channel's login, or what it is instead. */
export function parseName(text: string): Pasted {
  const { bare, host, path, address } = split(text);
  return address ? inAddress(host, path) : login(bare);
}

/** The login that a name or an address means; null when it can mean none. */
function loginOf(text: string): string | null {
  const pasted = parseName(text);
  return "login" in pasted ? pasted.login : null;
}

/** Whether a text is an address: then nobody is still typing a name. */
export function isAddress(text: string): boolean {
  return split(text).address;
}

function split(text: string) {
  const lower = text.replace(INVISIBLE, "").toLowerCase().replaceAll("\\_", "_");
  const unwrappedText = unwrapped(lower);
  const bare = unwrappedText.replace(/^(?:https?:)?\/\//, "");
  const end = bare.search(/[/?#]/);
  const host = end < 0 ? bare : bare.slice(0, end);
  const path = end < 0 ? "" : bare.slice(end);
  const like = bare !== unwrappedText || path !== "" || ON_TWITCH.test(host);
  return { bare, host, path, address: like && host.includes(".") };
}

/** Without a markdown link, angle brackets, quotes and the like about it. */
function unwrapped(text: string): string {
  const trimmed = trim(text);
  const link = trimmed.startsWith("[") ? trimmed.indexOf("](") : -1;
  const inner = link < 0 ? trimmed : trim(trimmed.slice(link + 2).replace(/[)"].*$/, ""));
  // Discord shows no preview of <address>. A name in brackets is somebody's markup.
  if (!inner.startsWith("<")) return inner;
  const address = inner.slice(1).replace(/>+$/, "");
  return address.includes(".") ? trim(address) : inner;
}

function trim(text: string): string {
  return text.replace(BEFORE, "").replace(BEHIND, "");
}

function inAddress(host: string, rest: string): Pasted {
  const found = ON_TWITCH.exec(host);
  if (!found) return { not: "elsewhere" };
  const site = found[1] ?? "";
  const [address = ""] = rest.split("#");
  const [path, query = ""] = splitOnce(address, "?");
  const parts = path.split("/").filter(Boolean);
  if (site === "player" || site === "embed") return inPlayer(query);
  if (site === "clips") return { not: "clip" };
  if (site === "dashboard") {
    const name =
      parts[0] === "u" ? parts[1] : parts[0] === "popout" && parts[1] === "u" && parts[2];
    return name ? login(name) : { not: "page" };
  }
  // Languages had sites of their own, as in de.twitch.tv.
  if (/^(?:|www|m|go|[a-z]{2}(?:-[a-z]{2})?)$/.test(site)) return onMainSite(parts);
  return { not: "page" };
}

function onMainSite([first = "", second, third]: string[]): Pasted {
  if (first === "videos" || first === "collections") return { not: "video" };
  if (first === "directory") return { not: "category" };
  if (first === "team" || first === "search") return { not: first };
  if (first === "popout" && (second === "moderator" || second === "u") && third) {
    return login(third);
  }
  if (BEFORE_A_LOGIN.has(first)) return second ? login(second) : { not: "page" };
  return first === "" || PAGES.has(first) ? { not: "page" } : login(first);
}

function inPlayer(query: string): Pasted {
  const pairs = query.split("&").map((pair) => splitOnce(pair, "="));
  const value = (key: string) => pairs.find(([name]) => name === key)?.[1];
  const channel = value("channel");
  if (channel !== undefined) return login(channel);
  return { not: (value("video") ?? value("collection")) ? "video" : "page" };
}

function splitOnce(text: string, at: string): [string, string?] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + at.length)];
}

function login(name: string): Pasted {
  const bare = name.replace(/^@+/, "");
  return LOGIN.test(bare) ? { login: bare } : { not: "name" };
}

/** A markdown link, whose text may have spaces, or what stands between spaces and commas. */
const ENTRY = /\[[^\]\n]*\]\([^)\n]*\)|[^\s,;]+/g;

/** Names out of a pasted list: one a line, or with commas, semicolons or spaces; each once. */
export function splitNames(text: string): string[] {
  const names = new Map<string, string>();
  for (const [name] of text.matchAll(ENTRY)) names.set(loginOf(name) ?? name, name);
  return [...names.values()];
}
