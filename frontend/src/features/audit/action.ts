import type texts from "./locale/en.json";

/** Actions with a text of their own. */
export type Action = keyof (typeof texts)["actions"];

/** Parts of a server that a request can be about. */
export type Area = keyof (typeof texts)["areas"];

const AREAS: Area[] = [
  "overview",
  "config",
  "places",
  "streamers",
  "templates",
  "deliveries",
  "audit",
  "invites",
  "install",
  "test-send",
];

/** What somebody was denied: seeing or changing, and what. Denials name the request. */
export function deniedOf(action: string): { change: boolean; area: Area | null } | null {
  const [, method, path = ""] = /^([A-Z]+) (\S+)$/.exec(action) ?? [];
  if (!method) return null;
  const part = /\{guild_id\}\/([a-z-]+)/.exec(path)?.[1];
  return { change: method !== "GET", area: AREAS.find((area) => area === part) ?? null };
}
