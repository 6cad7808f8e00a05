import { useComputedColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { queries } from "~/api/queries";
import { DiscordMessage, type MentionNames } from "~/discord-preview";
import {
  renderMessage,
  sampleValues,
  type MessageTemplate,
  type SampleKind,
} from "~/template-language";

/** A template as Discord will show it, with a sample stream in this server. */
export function MessagePreview({
  message,
  kind = "live",
  scheme,
}: {
  message: MessageTemplate;
  kind?: SampleKind;
  /** Discord's own scheme; the app's unless said. */
  scheme?: "dark" | "light";
}) {
  const { guildId = "" } = useParams({ strict: false });
  const app = useComputedColorScheme("dark");
  const [now] = useState(() => new Date());
  const setting = useServer(guildId);
  const names = useNames(guildId);
  const rendered = useMemo(
    () => renderMessage(message, sampleValues(kind, { now, ...setting })),
    [message, kind, now, setting],
  );
  return (
    <DiscordMessage
      message={rendered}
      scheme={scheme ?? app}
      names={names}
      now={now}
      edited={kind === "ended"}
    />
  );
}

/** What a sample takes from the server: its name, its channel, whom it mentions. */
function useServer(guildId: string) {
  const guilds = useQuery(queries.guilds);
  const config = useQuery(queries.config(guildId));
  const server = guilds.data?.ready.find((guild) => guild.id === guildId)?.name;
  return useMemo(
    () => ({
      server,
      channelId: config.data?.value.default_channel_id,
      mention: config.data?.value.mention,
    }),
    [server, config.data],
  );
}

function useNames(guildId: string): MentionNames {
  const places = useQuery(queries.places(guildId));
  return useMemo(() => {
    const named = (list: { id: string; name: string }[] | undefined) =>
      Object.fromEntries((list ?? []).map(({ id, name }) => [id, name]));
    return { roles: named(places.data?.roles), channels: named(places.data?.channels) };
  }, [places.data]);
}
