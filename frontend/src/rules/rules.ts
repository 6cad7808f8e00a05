import type { Schema } from "~/api/client";

type Body = Schema["RuleSetBody"];
export type Category = Schema["CategoryBody"];

/** A set of rules with nothing left out. */
export interface Rules {
  categories: { only: Category[]; never: Category[] };
  title: { contains: string[]; lacks: string[]; pattern: string | null };
  languages: string[];
  tags: { any: string[]; never: string[] };
  stream_types: string[];
  least_viewers: number | null;
  pause_seconds: number | null;
  most_pings: number | null;
}

/** What the API has left out, or a draft of an earlier visit, is empty. */
export function complete(body: Body | null | undefined): Rules {
  return {
    categories: { only: body?.categories?.only ?? [], never: body?.categories?.never ?? [] },
    title: {
      contains: body?.title?.contains ?? [],
      lacks: body?.title?.lacks ?? [],
      pattern: body?.title?.pattern ?? null,
    },
    languages: body?.languages ?? [],
    tags: { any: body?.tags?.any ?? [], never: body?.tags?.never ?? [] },
    stream_types: body?.stream_types ?? [],
    least_viewers: body?.least_viewers ?? null,
    pause_seconds: body?.pause_seconds ?? null,
    most_pings: body?.most_pings ?? null,
  };
}

/** A rule by its place in the set, as errors and reasons name it. */
export type Rule =
  | "categories.only"
  | "categories.never"
  | "title.contains"
  | "title.lacks"
  | "title.pattern"
  | "languages"
  | "tags.any"
  | "tags.never"
  | "stream_types"
  | "least_viewers"
  | "pause_seconds"
  | "most_pings";

const names = (list: Category[]) => list.map(({ id, name }) => name || id);

/** The rules that ask for something, with what they ask for. */
export function inUse(rules: Rules): [Rule, string[] | number | string][] {
  const all: [Rule, string[] | number | string | null][] = [
    ["categories.only", names(rules.categories.only)],
    ["categories.never", names(rules.categories.never)],
    ["title.contains", rules.title.contains],
    ["title.lacks", rules.title.lacks],
    ["title.pattern", rules.title.pattern],
    ["languages", rules.languages],
    ["tags.any", rules.tags.any],
    ["tags.never", rules.tags.never],
    ["stream_types", rules.stream_types],
    ["least_viewers", rules.least_viewers],
    ["pause_seconds", rules.pause_seconds],
    ["most_pings", rules.most_pings],
  ];
  return all.filter(
    (each): each is [Rule, string[] | number | string] =>
      each[1] !== null && each[1] !== "" && !(Array.isArray(each[1]) && each[1].length === 0),
  );
}

/** The languages that Twitch knows, besides `other`. */
export const LANGUAGES = [
  "ar",
  "asl",
  "bg",
  "ca",
  "cs",
  "da",
  "de",
  "el",
  "en",
  "es",
  "fi",
  "fr",
  "hi",
  "hu",
  "id",
  "it",
  "ja",
  "ko",
  "ms",
  "nl",
  "no",
  "pl",
  "pt",
  "ro",
  "ru",
  "sk",
  "sv",
  "th",
  "tl",
  "tr",
  "uk",
  "vi",
  "zh",
  "zh-hk",
] as const;
