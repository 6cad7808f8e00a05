import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { toast, toastWithUndo, useFailureToast } from "~/ui/toast";
import type { Command } from "./command";
import { botQueries } from "./queries";

interface Switch {
  commands: Command[];
  enabled: boolean;
  /** It takes something back: that is not offered again. */
  back?: boolean;
}

/** Switches commands on or off, at once on the screen, and offers to take it back. */
export function useSwitch(channelId: string) {
  const { t } = useTranslation("bot");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const failed = useFailureToast();
  const { queryKey } = botQueries.commands(channelId);
  const { mutate } = useMutation({
    mutationFn: ({ commands, enabled }: Switch) =>
      ask(
        api.POST("/api/channels/{channel_id}/commands/switch", {
          params: { path: { channel_id: channelId } },
          body: { commands: commands.map(({ id }) => id), enabled },
        }),
      ),
    onMutate: async ({ commands, enabled }) => {
      await client.cancelQueries({ queryKey, exact: true });
      const ids = new Set(commands.map(({ id }) => id));
      client.setQueryData<Schema["CommandList"]>(
        queryKey,
        (list) =>
          list && {
            ...list,
            commands: list.commands.map((each) => (ids.has(each.id) ? { ...each, enabled } : each)),
          },
      );
    },
    onSuccess: (_, { commands, enabled, back }) => {
      const count = commands.length;
      const name = commands[0]?.name ?? "";
      const message =
        count === 1
          ? t(enabled ? "switch.oneOn" : "switch.oneOff", { name })
          : t(enabled ? "switch.on" : "switch.off", { count });
      if (back) toast({ id: "bot-switch", message });
      else
        toastWithUndo({
          id: "bot-switch",
          message,
          undo: common("undo"),
          onUndo: () => mutate({ commands, enabled: !enabled, back: true }),
        });
    },
    onError: (error) => failed(error, { id: "bot-switch" }),
    onSettled: () => client.invalidateQueries({ queryKey }),
  });
  /** Those that are otherwise already need nothing, and are not touched by an undo. */
  return (commands: Command[], enabled: boolean) => {
    const others = commands.filter((command) => (command.enabled ?? true) !== enabled);
    if (others.length > 0) mutate({ commands: others, enabled });
  };
}
