import { Skeleton, Stack, Switch, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { Loaded } from "~/ui/Loaded";
import { toast } from "~/ui/toast";

/** Servers that may not announce one's own channel. */
export function Blocks({ channel }: { channel: Schema["OwnChannel"] }) {
  const { t } = useTranslation("account");
  const blocks = useQuery(queries.blocks(channel.streamer_id));
  return (
    <Stack gap="xs" mt="md" role="group" aria-label={t("channel.blocks.title")}>
      <Text fw={600}>{t("channel.blocks.title")}</Text>
      <Text size="sm" c="dimmed">
        {t("channel.blocks.text")}
      </Text>
      <Loaded query={blocks} skeleton={<Skeleton height={60} />}>
        {(found) => <Servers channel={channel} blocks={found} />}
      </Loaded>
    </Stack>
  );
}

function Servers({
  channel,
  blocks,
}: {
  channel: Schema["OwnChannel"];
  blocks: Schema["BlocksView"];
}) {
  const { t } = useTranslation("account");
  const client = useQueryClient();
  const { queryKey } = queries.blocks(channel.streamer_id);
  const save = useMutation({
    mutationFn: (body: Schema["BlocksBody"]) =>
      ask(
        api.PUT("/api/users/me/channel/{streamer_id}/blocks", {
          params: { path: { streamer_id: channel.streamer_id } },
          body,
        }),
      ),
    onSuccess: (saved) => {
      client.setQueryData(queryKey, saved);
      toast({ message: t("channel.blocks.saved") });
    },
    onError: () => client.invalidateQueries({ queryKey }),
  });
  const name = channel.display_name;
  const ids = blocks.servers.filter((each) => each.blocked).map((each) => each.guild_id);
  const without = (id: string) => ids.filter((each) => each !== id);
  return (
    <>
      <Switch
        checked={blocks.all}
        disabled={save.isPending}
        onChange={(event) => save.mutate({ all: event.currentTarget.checked, guild_ids: ids })}
        label={t("channel.blocks.all", { name })}
      />
      {blocks.servers.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("channel.blocks.none")}
        </Text>
      )}
      {blocks.servers.map((server) => (
        <Switch
          key={server.guild_id}
          checked={!server.blocked && !blocks.all}
          disabled={save.isPending || blocks.all}
          onChange={(event) =>
            save.mutate({
              all: blocks.all,
              guild_ids: event.currentTarget.checked
                ? without(server.guild_id)
                : [...ids, server.guild_id],
            })
          }
          label={t("channel.blocks.server", { server: server.name, name })}
        />
      ))}
    </>
  );
}
