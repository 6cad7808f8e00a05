import { Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";

type Mention = Schema["Mention"];

const KINDS = ["none", "role", "members", "here", "everyone"] as const;

/** Chooses whom an announcement mentions. */
export function MentionField({
  guildId,
  channelId,
  value,
  onChange,
  label,
  inherited,
  error,
}: {
  guildId: string;
  /** Where it is posted: whether it pings is a matter of the channel. */
  channelId: string | null;
  /** null: as the server has it. Only where `inherited` is given. */
  value: Mention | null;
  onChange: (mention: Mention | null) => void;
  label: string;
  /** The server's own choice in words, where it can be taken over. */
  inherited?: string;
  error?: string;
}) {
  const { t } = useTranslation();
  const places = useQuery(queries.places(guildId));
  const roles = places.data?.roles ?? [];
  const kinds = KINDS.map((kind) => ({ value: kind as string, label: t(`mention.${kind}`) }));
  if (inherited !== undefined) {
    kinds.unshift({ value: "", label: t("inherits", { value: inherited }) });
  }
  const choose = (kind: string | null) => {
    if (kind === "" || kind === null) onChange(null);
    else if (kind === "role") onChange({ kind, role_id: roles[0]?.id ?? "" });
    else onChange({ kind: kind as Exclude<(typeof KINDS)[number], "role"> });
  };
  const roleId = value?.kind === "role" ? value.role_id : null;
  const role = roles.find((each) => each.id === roleId);
  const gone = roleId !== null && roleId !== "" && places.data?.bot_present === true && !role;
  const wide = value?.kind === "everyone" || value?.kind === "here";
  const unpingable = role !== undefined && !role.mentionable;
  const notAllowed = (wide || unpingable) && !mayMentionEveryone(places.data, channelId);
  return (
    <Stack gap="xs">
      <Select
        label={label}
        data={kinds}
        value={value?.kind ?? ""}
        onChange={choose}
        allowDeselect={false}
        description={value ? t(`mention.about.${value.kind}`) : undefined}
        error={error}
      />
      {roleId !== null && (
        <Select
          label={t("mention.whichRole")}
          data={[
            ...(gone ? [{ value: roleId, label: t("mention.goneRole") }] : []),
            ...roles.map((each) => ({ value: each.id, label: `@${each.name}` })),
          ]}
          value={roleId}
          onChange={(id) => id && onChange({ kind: "role", role_id: id })}
          searchable
          allowDeselect={false}
          nothingFoundMessage={t("mention.noRoles")}
        />
      )}
      {gone && (
        <Text size="sm" c="var(--mantine-color-orange-text)" role="status">
          {t("mention.roleGone")}
        </Text>
      )}
      {notAllowed && (
        <Text size="sm" c="var(--mantine-color-orange-text)" role="status">
          {t(wide ? "mention.mayNotEveryone" : "mention.notPingable")}
        </Text>
      )}
    </Stack>
  );
}

/** Whether the bot may ping everyone in a channel; what is not known counts as allowed. */
function mayMentionEveryone(places: Schema["PlacesView"] | undefined, channelId: string | null) {
  const channel = places?.channels.find((each) => each.id === channelId);
  return channel?.may_mention_everyone ?? places?.may_mention_everyone ?? true;
}

/** Warnings of a save about mentions that would ping nobody, in words. */
export function useMentionWarnings(): (warnings: { code: string; message: string }[]) => string[] {
  const { t } = useTranslation();
  return (warnings) => [
    ...new Set(
      warnings.map(({ code, message }) => {
        if (code === "mention_unused") return t("mention.unused");
        if (code === "role_gone") return t("mention.roleGone");
        return code === "not_pinged" ? t("mention.notPinged") : message;
      }),
    ),
  ];
}

/** A mention in words. */
export function useMentionText(guildId: string): (mention: Mention) => string {
  const { t } = useTranslation();
  const places = useQuery(queries.places(guildId));
  return (mention) => {
    if (mention.kind !== "role") return t(`mention.${mention.kind}`);
    const role = places.data?.roles.find((each) => each.id === mention.role_id);
    return role ? `@${role.name}` : t("mention.role");
  };
}
