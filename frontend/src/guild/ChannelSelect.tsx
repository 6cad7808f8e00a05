import { Group, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { exact } from "~/ui/time";
import { usePermissions } from "./permissions";

type Channel = Schema["ChannelItem"];

/** Chooses a channel; where the bot cannot post says so, and why, but can be chosen. */
export function ChannelSelect({
  guildId,
  value,
  onChange,
  label,
  description,
  placeholder,
  clearable = false,
  inherited,
  error,
}: {
  guildId: string;
  value: string | null;
  onChange: (channelId: string | null) => void;
  label: string;
  description?: string;
  placeholder?: string;
  clearable?: boolean;
  /** The channel of the level above, where it can be taken over; null: it has none. */
  inherited?: string | null;
  error?: string;
}) {
  const { t } = useTranslation();
  const places = useQuery(queries.places(guildId));
  const channels = places.data?.channels ?? [];
  const byId = new Map(channels.map((channel) => [channel.id, channel]));
  const channelName = useChannelName(guildId);
  const used = value ?? inherited ?? null;
  const chosen = used === null ? undefined : byId.get(used);
  const gone = value !== null && places.isSuccess && !chosen;
  const inherits =
    inherited === undefined
      ? undefined
      : t("inherits", { value: inherited ? channelName(inherited) : t("channel.noDefault") });
  const warning = useObstacle()(chosen);
  return (
    <div>
      <Select
        label={label}
        description={description}
        placeholder={placeholder ?? t("channel.choose")}
        data={[
          ...(inherits === undefined ? [] : [{ value: "", label: inherits }]),
          ...grouped(channels, gone ? value : null, t("channel.gone")),
        ]}
        value={value ?? (inherits === undefined ? null : "")}
        onChange={(id) => onChange(id === "" ? null : id)}
        clearable={clearable}
        allowDeselect={clearable}
        searchable
        nothingFoundMessage={places.isPending ? t("loading") : t("channel.none")}
        error={error ?? (gone ? t("channel.goneError") : undefined)}
        renderOption={({ option }) => (
          <Option channel={byId.get(option.value)} name={option.label} />
        )}
        leftSection={value !== null && <span aria-hidden>#</span>}
      />
      {warning && (
        <Text size="sm" c="var(--mantine-color-orange-text)" mt={4} role="status">
          {warning}
        </Text>
      )}
    </div>
  );
}

/** Why the bot cannot post in a channel, and what to do about it. */
function useObstacle(): (channel: Channel | undefined) => string | undefined {
  const { t, i18n } = useTranslation();
  const permissions = usePermissions();
  return (channel) => {
    if (!channel || channel.can_post) return undefined;
    if (channel.timed_out_until) {
      const until = exact(new Date(channel.timed_out_until), i18n.language);
      return t("channel.timedOut", { until });
    }
    const missing = permissions.missing(channel.missing);
    const at = channel.missing_at;
    if (!at || at === "channel") return missing;
    return permissions.steps(channel.missing, `#${channel.name}`, at);
  };
}

function grouped(channels: Channel[], gone: string | null, goneName: string) {
  const groups = new Map<string, { value: string; label: string }[]>();
  for (const channel of channels) {
    const group = channel.category ?? "";
    const items = groups.get(group) ?? [];
    items.push({ value: channel.id, label: channel.name });
    groups.set(group, items);
  }
  if (gone !== null) groups.set(" ", [{ value: gone, label: goneName }]);
  return [...groups].map(([group, items]) => ({ group, items }));
}

function Option({ channel, name }: { channel: Channel | undefined; name: string }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs" justify="space-between" w="100%" wrap="nowrap">
      <Text size="sm" truncate>
        {channel ? `# ${name}` : name}
      </Text>
      {channel && (
        <Text size="xs" c={channel.can_post ? "dimmed" : "var(--mantine-color-orange-text)"}>
          {channel.can_post ? t("channel.canPost") : t("channel.cannotPost")}
        </Text>
      )}
    </Group>
  );
}

/** A channel's name, as far as it is known. */
export function useChannelName(guildId: string): (channelId: string | null | undefined) => string {
  const { t } = useTranslation();
  const places = useQuery(queries.places(guildId));
  return (channelId) => {
    if (!channelId) return "–";
    const channel = places.data?.channels.find((each) => each.id === channelId);
    if (channel) return `#${channel.name}`;
    return places.isSuccess ? t("channel.gone") : "#…";
  };
}
