import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask } from "~/api/client";
import { Problem } from "~/api/problem";
import { toast, useFailureToast } from "~/ui/toast";
import { botQueries } from "./queries";
import type { Timer, TimerBody } from "./timer";

interface Save {
  /** Null: a new one. */
  timer: Timer | null;
  body: TimerBody;
}

/** Saves a timer, or stores a new one. */
export function useSaveTimer(channelId: string) {
  const { t } = useTranslation("bot");
  const client = useQueryClient();
  const failed = useFailureToast();
  return useMutation({
    mutationFn: async ({ timer, body }: Save): Promise<unknown> => {
      const path = { channel_id: channelId };
      if (timer === null)
        return ask(api.POST("/api/channels/{channel_id}/timers", { params: { path }, body }));
      return ask(
        api.PUT("/api/channels/{channel_id}/timers/{timer_id}", {
          params: {
            path: { ...path, timer_id: timer.id },
            header: { "If-Match": `"${timer.revision}"` },
          },
          body,
        }),
      );
    },
    onSuccess: (_, { body }) => toast({ message: t("timers.saved", { name: body.name }) }),
    onError: (error) => {
      // Fields are marked where they stand.
      if (!(error instanceof Problem) || error.fields.length === 0) failed(error);
    },
    onSettled: () => client.invalidateQueries({ queryKey: botQueries.timers(channelId).queryKey }),
  });
}

/** Deletes a timer. */
export function useDeleteTimer(channelId: string) {
  const { t } = useTranslation("bot");
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id }: Timer) =>
      ask(
        api.DELETE("/api/channels/{channel_id}/timers/{timer_id}", {
          params: { path: { channel_id: channelId, timer_id: id } },
        }),
      ),
    onSuccess: (_, { name }) => toast({ message: t("timers.deleted", { name }) }),
    onSettled: () => client.invalidateQueries({ queryKey: botQueries.timers(channelId).queryKey }),
  });
}
