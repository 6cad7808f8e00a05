import { Button, Group, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { IconBell } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { paths } from "~/paths";
import { TextLink } from "~/ui/links";
import { toastWithUndo, useFailureToast } from "~/ui/toast";

/** So many servers have a button of their own. */
const SHOWN = 5;

/** Servers of one's own that announce a channel, and the wish to be pinged by them. */
export function Pings({ channel }: { channel: Schema["ChannelView"] }) {
  const { t } = useTranslation("watch");
  const { t: common } = useTranslation();
  const fail = useFailureToast();
  const servers = channel.servers.filter(({ announces }) => announces);
  const wish = useMutation({
    mutationFn: ({ server, wants }: { server: Schema["ChannelServer"]; wants: boolean | null }) =>
      ask(
        api.PUT("/api/users/me/preferences/{guild_id}/{streamer_id}", {
          params: { path: { guild_id: server.guild_id, streamer_id: channel.id } },
          body: { wants_ping: wants },
        }),
      ),
    onSuccess: ({ honoured }, { server, wants }) => {
      if (wants === null) return;
      toastWithUndo({
        id: `ping-${server.guild_id}`,
        message: t(honoured ? "pings.done" : "pings.crowd", { server: server.name }),
        undo: common("undo"),
        onUndo: () => wish.mutate({ server, wants: null }),
      });
    },
    onError: (error, { server }) => fail(error, { id: `ping-${server.guild_id}` }),
  });
  if (servers.length === 0) return null;
  return (
    <section aria-label={t("pings.title")}>
      <Text size="sm" c="dimmed" mb={6}>
        {t("pings.text", { name: channel.display_name })}
      </Text>
      <Group gap="xs">
        {servers.slice(0, SHOWN).map((server) => (
          <Button
            key={server.guild_id}
            size="xs"
            variant="default"
            leftSection={<IconBell size={14} />}
            loading={wish.isPending && wish.variables.server.guild_id === server.guild_id}
            onClick={() => wish.mutate({ server, wants: true })}
          >
            {t("pings.button", { server: server.name })}
          </Button>
        ))}
        <TextLink to={paths.me} size="sm">
          {t("pings.all")}
        </TextLink>
      </Group>
    </section>
  );
}
