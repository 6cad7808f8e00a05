/** The pages of a server by what follows its address, and their names among the common texts. */
const SECTIONS = {
  "": "nav.overview",
  streamers: "nav.streamers",
  notifications: "nav.notifications",
  templates: "nav.templates",
  deliveries: "nav.deliveries",
  team: "nav.team",
  audit: "nav.audit",
} as const;

type Section = keyof typeof SECTIONS;

const isSection = (text: string): text is Section => Object.hasOwn(SECTIONS, text);

/** A page of a server: the section's name, what of it is shown, and its address. */
export interface Place {
  section: (typeof SECTIONS)[Section];
  /** Of a page within a section, its title as the other person's browser tells it. */
  detail: string | null;
  path: string;
}

/** Which page of a server an address leads to; null: none that is known. */
export function placeOf(
  guildId: string,
  page: { path: string; title: string } | null | undefined,
): Place | null {
  const root = `/s/${guildId}`;
  if (!page || (page.path !== root && !page.path.startsWith(`${root}/`))) return null;
  const [section = "", ...rest] = page.path.slice(root.length + 1).split("/");
  if (!isSection(section)) return null;
  const within = rest.some((part) => part !== "");
  return {
    section: SECTIONS[section],
    detail: within && page.title !== "" ? page.title : null,
    path: page.path,
  };
}
