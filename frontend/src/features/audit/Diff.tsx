import { Text, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { exact } from "~/ui/time";
import { changesOf, type Change, type Value } from "./diff";
import type { Names } from "./useNames";
import type texts from "./locale/en.json";
import classes from "./Audit.module.css";

type Item = Schema["AuditItem"];
type Field = keyof (typeof texts)["fields"];
type Known = keyof (typeof texts)["values"];

/** What was before and is now, field by field. */
export function Diff({ entry, names }: { entry: Item; names: Names }) {
  const { t } = useTranslation("audit");
  const label = useLabel(names);
  const show = useShow(names);
  const changes = changesOf(entry.before, entry.after);
  if (changes.length === 0) {
    return entry.before && entry.after ? (
      <Text size="sm" c="dimmed" mt="xs">
        {t("noChange")}
      </Text>
    ) : null;
  }
  return (
    <dl className={classes.diff} aria-label={t("changes")}>
      {changes.map((change) => (
        <div key={change.path.join("\n")} className={classes.change}>
          <dt>{label(change)}</dt>
          <dd>
            <Side kind="before" text={show(change, change.before)} />
            <Side kind="after" text={show(change, change.after)} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Side({ kind, text }: { kind: "before" | "after"; text: string | null }) {
  const { t } = useTranslation("audit");
  if (text === null) return null;
  const Tag = kind === "before" ? "del" : "ins";
  return (
    <Tag className={classes[kind]}>
      <VisuallyHidden>{t(kind)}: </VisuallyHidden>
      <Text span size="sm" aria-hidden className={classes.mark}>
        {kind === "before" ? "−" : "+"}
      </Text>
      {text}
    </Tag>
  );
}

/** A field's name: "Channel #live: On". */
function useLabel(names: Names) {
  const { t } = useTranslation("audit");
  const part = (name: string) => {
    if (name.startsWith("channel ")) {
      const id = name.slice("channel ".length);
      return id === "" ? t("defaultChannel") : (names.channel(id) ?? t("goneChannel"));
    }
    return t(`fields.${name as Field}`, { defaultValue: name });
  };
  return ({ path }: Change) => path.map(part).join(": ");
}

const SECONDS = /_seconds$/;
const UNIX = /_unix$/;
/** Fields with several words, one by one. */
const LISTS = new Set(["feed_kinds"]);

/** A field's value in words; null where there was none. */
function useShow(names: Names) {
  const { t, i18n } = useTranslation("audit");
  return ({ path }: Change, value: Value | undefined): string | null => {
    if (value === undefined) return null;
    if (value === null || value === "") return t("nothing");
    if (typeof value === "boolean") return t(value ? "on" : "off");
    const field = path.at(-1) ?? "";
    const id = String(value);
    if (field.endsWith("channel_id")) return names.channel(id) ?? t("goneChannelId", { id });
    if (field.endsWith("role_id")) return names.role(id) ?? id;
    if (field === "template_id") return names.template(id) ?? t("goneTemplate");
    if (field === "quiet_hours") return timesOfDay(id);
    if (SECONDS.test(field)) return t("seconds", { count: Number(value) });
    // The end of a mute, as the log keeps it.
    if (UNIX.test(field)) return exact(new Date(Number(value) * 1000), i18n.language);
    const word = (one: string) => t(`values.${`${field}_${one}` as Known}`, { defaultValue: one });
    return LISTS.has(field) ? id.split(", ").map(word).join(", ") : word(id);
  };
}

/** "22:30:00.0 – 7:00:00.0", as old entries have it, as "22:30 – 07:00". */
function timesOfDay(text: string): string {
  return text.replace(
    /(\d{1,2}):(\d{2}):\d{2}(?:\.\d+)?/g,
    (_, hour: string, minute: string) => `${hour.padStart(2, "0")}:${minute}`,
  );
}
