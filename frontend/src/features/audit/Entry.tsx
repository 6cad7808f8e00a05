import { Group, Paper, Text } from "@mantine/core";
import { IconBan } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { paths } from "~/paths";
import { CopyButton } from "~/ui/CopyButton";
import { TextLink } from "~/ui/links";
import { Status } from "~/ui/Status";
import { Time } from "~/ui/Time";
import { deniedOf, type Action } from "./action";
import { Diff } from "./Diff";
import type { Names } from "./useNames";
import classes from "./Audit.module.css";

type Item = Schema["AuditItem"];

interface Props {
  guildId: string;
  entry: Item;
  names: Names;
}

/** One entry: who did what, when, and what differs since. */
export function Entry({ guildId, entry, names }: Props) {
  const { t } = useTranslation("audit");
  const denied = entry.outcome === "denied";
  return (
    <Paper
      component="li"
      className={classes.entry}
      p="md"
      data-denied={denied || undefined}
      data-row
      tabIndex={-1}
    >
      <Group justify="space-between" align="flex-start" gap="sm">
        <div className={classes.words}>
          <Text>
            <Text span fw={600}>
              {entry.actor_name ?? t(entry.actor_id ? "unknownActor" : "deletedActor")}
            </Text>{" "}
            <ActionText entry={entry} /> <Target guildId={guildId} entry={entry} names={names} />
          </Text>
          <Text size="sm" c="dimmed" component="div">
            <Time at={entry.at} />
            {entry.via === "discord" && ` · ${t("viaDiscord")}`}
            {!entry.actor_name && entry.actor_id && ` · ${t("actorId", { id: entry.actor_id })}`}
          </Text>
        </div>
        <Group gap="sm">
          {denied && (
            <Status icon={<IconBan size={14} aria-hidden />} color="red">
              {t("denied")}
            </Status>
          )}
          {entry.request_id && <CopyButton text={entry.request_id} label={t("copyRequestId")} />}
        </Group>
      </Group>
      <Diff entry={entry} names={names} />
    </Paper>
  );
}

function ActionText({ entry: { action, outcome } }: { entry: Item }) {
  const { t } = useTranslation("audit");
  const denied = outcome === "denied" ? deniedOf(action) : null;
  if (denied) {
    const area = denied.area ? t(`areas.${denied.area}`) : t("areas.server");
    return t(denied.change ? "triedToChange" : "triedToSee", { area });
  }
  if (action.startsWith("/")) return t("triedCommand", { command: action });
  const text = t(`actions.${action as Action}`, { defaultValue: "" });
  if (!text) return t("actionUnknown", { action });
  return outcome === "denied" ? t("tried", { action: text }) : text;
}

/** What an action was about, linked while it is there. */
function Target({ guildId, entry, names }: Props): ReactNode {
  const { t } = useTranslation("audit");
  const { action, target } = entry;
  if (!target) return null;
  if (action.startsWith("streamer.")) {
    const name = names.streamer(target);
    if (!name) return loginOf(entry) ?? t("streamerId", { id: target });
    return (
      <TextLink to={paths.streamer} params={{ guildId, streamerId: target }}>
        {name}
      </TextLink>
    );
  }
  if (action.startsWith("template.")) {
    const name = names.template(target);
    if (!name) return t("goneTemplate");
    return (
      <TextLink to={paths.template} params={{ guildId, templateId: target }}>
        {name}
      </TextLink>
    );
  }
  if (action === "delivery.resend") {
    return (
      <TextLink to={paths.delivery} params={{ guildId, deliveryId: target }}>
        {t("delivery")}
      </TextLink>
    );
  }
  return target;
}

function loginOf({ before, after }: Item): string | undefined {
  const found = (after ?? before) as { login?: unknown } | null | undefined;
  return typeof found?.login === "string" ? found.login : undefined;
}
