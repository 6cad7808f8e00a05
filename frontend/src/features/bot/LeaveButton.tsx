import { Button, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "~/api/client";
import { ConfirmDialog } from "~/ui/ConfirmDialog";
import { toast } from "~/ui/toast";
import { botQueries, type BotChannel } from "./queries";

/** Sends the bot away, once it is confirmed. */
export function LeaveButton({ channel }: { channel: BotChannel }) {
  const { t } = useTranslation("bot");
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const name = channel.display_name;
  const leaving = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE("/api/channels/{channel_id}/bot", {
          params: { path: { channel_id: channel.channel_id } },
        }),
      ),
    onSuccess: () => {
      setAsking(false);
      toast({ message: t("leave.done", { name }) });
    },
    onSettled: () => client.invalidateQueries({ queryKey: botQueries.channels.queryKey }),
  });
  return (
    <>
      <Button variant="default" size="xs" onClick={() => setAsking(true)}>
        {t("leave.button")}
      </Button>
      <ConfirmDialog
        opened={asking}
        title={t("leave.title", { name })}
        action={t("leave.action")}
        busy={leaving.isPending}
        error={leaving.error}
        onConfirm={() => leaving.mutate()}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("leave.text")}</Text>
      </ConfirmDialog>
    </>
  );
}
