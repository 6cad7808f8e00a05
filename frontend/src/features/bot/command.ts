import type { Schema } from "~/api/client";
import { levelOf, type Level } from "./levels";

export type Command = Schema["CommandView"];

/** A command as its form has it. */
export interface CommandForm {
  name: string;
  aliases: string[];
  responses: string[];
  order: "random" | "in_turn";
  reply: boolean;
  level: Level;
  allow: string[];
  deny: string[];
  cooldown: number;
  user_cooldown: number;
  no_cooldown_from: Level | null;
  when: "always" | "online" | "offline";
  enabled: boolean;
  expires_at: string | null;
  category: string;
  fetch_url: string | null;
  fetch_fallback: string;
}

/** A new one, as one is that moderators add in chat. */
export const newCommand = (): CommandForm => ({
  name: "",
  aliases: [],
  responses: [""],
  order: "random",
  reply: true,
  level: "everyone",
  allow: [],
  deny: [],
  cooldown: 5,
  user_cooldown: 0,
  no_cooldown_from: "moderator",
  when: "always",
  enabled: true,
  expires_at: null,
  category: "",
  fetch_url: null,
  fetch_fallback: "",
});

/** A command of the API for its form. */
export function formOf(body: Schema["CommandBody"]): CommandForm {
  const { when, order } = body;
  return {
    name: body.name,
    aliases: body.aliases ?? [],
    responses: body.responses,
    order: order === "in_turn" ? order : "random",
    reply: body.reply ?? true,
    level: levelOf(body.level),
    allow: body.allow ?? [],
    deny: body.deny ?? [],
    cooldown: body.cooldown ?? 0,
    user_cooldown: body.user_cooldown ?? 0,
    no_cooldown_from: body.no_cooldown_from == null ? null : levelOf(body.no_cooldown_from),
    when: when === "online" || when === "offline" ? when : "always",
    enabled: body.enabled ?? true,
    expires_at: body.expires_at ?? null,
    category: body.category ?? "",
    fetch_url: body.fetch_url ?? null,
    fetch_fallback: body.fetch_fallback ?? "",
  };
}

/** A moment for a field of the browser's, by the reader's clock. */
export function localOf(iso: string | null): string {
  if (iso === null) return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The moment that a field of the browser's names. */
export function momentOf(local: string): string | null {
  const at = new Date(local);
  return local === "" || Number.isNaN(at.getTime()) ? null : at.toISOString();
}

const folded = (text: string) => text.normalize("NFC").toLowerCase();

/** Commands with a text in a name, a response or the category; all for none. */
export function search(commands: Command[], wanted: string, category?: string): Command[] {
  const text = folded(wanted.trim());
  return commands.filter((command) => {
    if (category !== undefined && command.category !== category) return false;
    const texts = [
      command.name,
      command.category ?? "",
      ...(command.aliases ?? []),
      ...command.responses,
    ];
    return text === "" || texts.some((each) => folded(each).includes(text));
  });
}

/** The categories that are in use, by name. */
export const categoriesOf = (commands: Command[]): string[] =>
  [...new Set(commands.map(({ category }) => category ?? ""))].filter(Boolean).sort();
