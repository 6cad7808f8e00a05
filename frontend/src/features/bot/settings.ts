import { queryOptions } from "@tanstack/react-query";
import { api, askTagged, type Schema, type Tagged } from "~/api/client";
import { levelOf, type Level } from "./levels";
import { botQueries } from "./queries";

/** What goes for a built-in command; without a level it is as it comes. */
export interface BuiltinForm {
  enabled: boolean;
  level: Level | null;
  cooldown: number;
  user_cooldown: number;
}

interface Filter {
  enabled: boolean;
  /** From this level on everything may be written. */
  exempt_from: Level;
}

/** The filters, as the API keeps them. */
export interface Filters {
  links: Filter & { allow: string[] };
  caps: Filter & { percent: number };
  repetition: Filter & { most: number };
  terms: Filter & { words: string[]; patterns: string[] };
}

/** What is said to one kind of event. */
export interface EventForm {
  enabled: boolean;
  text: string;
  at_least: number;
}

/** What goes for all commands, as its form has it. */
export interface SettingsForm {
  prefix: string;
  discord_url: string;
  ignored: string[];
  /** Whether the same again is left out, instead of said with another ending. */
  drop_repeats: boolean;
  builtins: Record<string, BuiltinForm>;
  filters: Filters;
  events: Record<string, EventForm>;
}

/** The settings of the API for their form. */
export function settingsFormOf(view: Schema["BookView"]): SettingsForm {
  return {
    prefix: view.prefix,
    discord_url: view.discord_url ?? "",
    ignored: view.ignored,
    drop_repeats: view.drop_repeats,
    builtins: Object.fromEntries(
      view.builtins.map(({ name, enabled, level, default_level, cooldown, user_cooldown }) => [
        name,
        {
          enabled,
          level: level === default_level ? null : levelOf(level),
          cooldown,
          user_cooldown,
        },
      ]),
    ),
    filters: view.filters as unknown as Filters,
    events: Object.fromEntries(
      view.events.map(({ kind, enabled, text, at_least }) => [kind, { enabled, text, at_least }]),
    ),
  };
}

/** The API describes parts of it as any object. */
const wire = (value: object) => value as Record<string, never>;

/** The body that the API takes. */
export const settingsBodyOf = (form: SettingsForm): Schema["BookBody"] => ({
  prefix: form.prefix,
  discord_url: form.discord_url.trim() === "" ? null : form.discord_url.trim(),
  ignored: form.ignored,
  drop_repeats: form.drop_repeats,
  builtins: wire(form.builtins),
  filters: wire(form.filters),
  events: wire(form.events),
});

const tagged = ({ value, etag }: Tagged<Schema["BookView"]>): Tagged<SettingsForm> => ({
  value: settingsFormOf(value),
  etag,
});

/** The settings for their form. */
export const settingsFormQuery = (channelId: string) =>
  queryOptions({ ...botQueries.settings(channelId), select: tagged });

/** Saves settings that were made from the version `etag`. */
export const saveSettings = (channelId: string, form: SettingsForm, etag: string) =>
  askTagged(
    api.PUT("/api/channels/{channel_id}/commands/settings", {
      params: { path: { channel_id: channelId }, header: { "If-Match": etag } },
      body: settingsBodyOf(form),
    }),
  );
