import { Button, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "~/api/client";
import { paths } from "~/paths";
import { ConfirmDialog } from "~/ui/ConfirmDialog";
import { toast } from "~/ui/toast";
import { botQueries } from "./queries";

/** Deletes a command with its counter, once it is confirmed. */
export function DeleteCommand({
  channelId,
  commandId,
  name,
  onDelete,
}: {
  channelId: string;
  commandId: string;
  name: string;
  /** It is gone: what was changed is of no use any more. */
  onDelete: () => void;
}) {
  const { t } = useTranslation("bot");
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const deleting = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE("/api/channels/{channel_id}/commands/{command}", {
          params: { path: { channel_id: channelId, command: commandId } },
        }),
      ),
    onSuccess: async () => {
      onDelete();
      setAsking(false);
      toast({ message: t("delete.done", { name }) });
      await navigate({ to: paths.botCommands, params: { channelId }, ignoreBlocker: true });
      client.removeQueries({ queryKey: botQueries.command(channelId, commandId).queryKey });
      await client.invalidateQueries({
        queryKey: botQueries.commands(channelId).queryKey,
        exact: true,
      });
    },
  });
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconTrash size={16} />}
        onClick={() => setAsking(true)}
      >
        {t("delete.button")}
      </Button>
      <ConfirmDialog
        opened={asking}
        title={t("delete.title", { name })}
        action={t("delete.button")}
        busy={deleting.isPending}
        error={deleting.error}
        onConfirm={() => deleting.mutate()}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("delete.text")}</Text>
      </ConfirmDialog>
    </>
  );
}
