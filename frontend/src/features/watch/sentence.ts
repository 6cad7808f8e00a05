import type { TFunction } from "i18next";
import type { Happening } from "./feed";

type T = TFunction<"watch">;

/** A name runs in its own direction, and turns nothing around it. */
const isolated = (name: string) => `\u2068${name}\u2069`;

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : null);
const count = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : 0);

function nameOf(t: T, user: unknown): string {
  if (typeof user !== "object" || user === null) return t("anonymous");
  const { name, login } = user as Record<string, unknown>;
  const called = text(name) ?? text(login);
  return called === null ? t("anonymous") : isolated(called);
}

const TIERS: Record<string, number> = { "1000": 1, "2000": 2, "3000": 3 };

/** What happened, in one sentence. */
export function sentence(t: T, { kind, details }: Happening): string {
  switch (kind) {
    case "online":
    case "offline":
    case "update":
      return t(`said.${kind}`);
    case "raid":
      return t("said.raid", { name: nameOf(t, details.from), count: count(details.viewers) });
    case "follow":
      return t("said.follow", { name: nameOf(t, details.user) });
    case "subscribe": {
      const name = nameOf(t, details.user);
      return t(details.is_gift === true ? "said.given" : "said.subscribe", { name });
    }
    case "gift":
      return t("said.gift", { name: nameOf(t, details.user), count: count(details.total) });
    case "cheer":
      return t("said.cheer", { name: nameOf(t, details.user), count: count(details.bits) });
  }
}

/** What else there is to say of it; null: nothing. */
export function more(t: T, { kind, details }: Happening): string | null {
  switch (kind) {
    case "online":
    case "update": {
      const parts = [text(details.title), text(details.game)].filter((part) => part !== null);
      return parts.length > 0 ? parts.map(isolated).join(" · ") : null;
    }
    case "subscribe":
    case "gift": {
      const tier = TIERS[text(details.tier) ?? ""];
      const all = count(details.cumulative_total);
      const parts = [
        ...(tier === undefined ? [] : [t("said.tier", { tier })]),
        ...(all > 0 ? [t("said.inAll", { count: all })] : []),
      ];
      return parts.length > 0 ? parts.join(" · ") : null;
    }
    case "cheer": {
      const message = text(details.message);
      return message === null ? null : isolated(message);
    }
    default:
      return null;
  }
}

/** What is read out of several that came together: the latest, and how many there were. */
export function announced(t: T, latest: Happening, several: number): string {
  const said = sentence(t, latest);
  const one = latest.isTest ? `${t("test.mark")}: ${said}` : said;
  return several > 1 ? t("feed.several", { count: several, latest: one }) : one;
}
