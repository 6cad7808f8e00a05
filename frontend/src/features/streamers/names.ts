/** Names of Twitch channels as people type and paste them; the API reads them in the same way. */

const INVISIBLE = /[\s\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad]/gu;
const ADDRESS = /^(?:https?:\/\/)?(?:www\.|m\.|go\.)?twitch\.tv\/([^/?#]*)/;
const LOGIN = /^[a-z0-9_]{1,25}$/;

/** The login that a name or an address means; null when it can mean none. */
export function loginOf(text: string): string | null {
  const visible = text.replace(INVISIBLE, "").toLowerCase();
  const name = ADDRESS.exec(visible)?.[1] ?? visible.replace(/^@+/, "");
  return LOGIN.test(name) ? name : null;
}

/** Whether a text is an address on Twitch: then nobody is still typing a name. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text.replace(INVISIBLE, "").toLowerCase()) && loginOf(text) !== null;
}

/** Names out of a pasted list: one a line, or with commas, semicolons or spaces; each once. */
export function splitNames(text: string): string[] {
  const names = new Map<string, string>();
  for (const name of text.split(/[\s,;]+/)) {
    if (name !== "") names.set(loginOf(name) ?? name, name);
  }
  return [...names.values()];
}
