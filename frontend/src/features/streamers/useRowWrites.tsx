import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { toast, toastWithUndo, useFailureToast } from "~/ui/toast";
import {
  patchRow,
  reload,
  removeStreamer,
  retrySubscription,
  restoreStreamer,
  switchStreamer,
} from "./writes";

type Item = Schema["StreamerItem"];

/** Asks again for what a change of one streamer touches besides the list. */
function forget(client: QueryClient, guildId: string, streamerId: string) {
  void client.invalidateQueries({ queryKey: queries.streamer(guildId, streamerId).queryKey });
  void client.invalidateQueries({ queryKey: queries.overview(guildId).queryKey });
}

/** Switches a streamer on or off: at once on the screen, and back when it fails. */
export function useSwitch(guildId: string, streamer: Item): (enabled: boolean) => void {
  const { t } = useTranslation("streamers");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const fail = useFailureToast();
  const name = streamer.display_name;
  const { mutate } = useMutation({
    // One after the other: the last click is what counts.
    scope: { id: `switch-${guildId}-${streamer.id}` },
    mutationFn: ({ enabled }: { enabled: boolean; undo: boolean }) =>
      switchStreamer(guildId, streamer.id, enabled),
    onMutate: async ({ enabled }) => {
      const interrupted = await patchRow(client, guildId, streamer.id, { enabled });
      return { interrupted };
    },
    onSuccess: (_, { enabled, undo }) => {
      if (undo) return;
      toastWithUndo({
        id: `switch-${streamer.id}`,
        message: t(enabled ? "switched.on" : "switched.off", { name }),
        undo: common("undo"),
        onUndo: () => mutate({ enabled: !enabled, undo: true }),
      });
    },
    onError: (error, { enabled }) => {
      void patchRow(client, guildId, streamer.id, { enabled: !enabled });
      fail(error, {
        id: `switch-${streamer.id}`,
        title: t(enabled ? "switched.notOn" : "switched.notOff", { name }),
      });
    },
    onSettled: (_, error, __, context) => {
      forget(client, guildId, streamer.id);
      if (context?.interrupted || error) reload(client, guildId);
    },
  });
  return (enabled) => mutate({ enabled, undo: false });
}

/** How long Twitch takes to verify a callback, as a rule. */
const VERIFIED_AFTER_MS = 5_000;

/** Asks Twitch again for a streamer whose connection has failed. */
export function useRetry(guildId: string, streamer: Item) {
  const { t } = useTranslation("streamers");
  const client = useQueryClient();
  const fail = useFailureToast();
  const name = streamer.display_name;
  const id = `retry-${streamer.id}`;
  return useMutation({
    mutationFn: () => retrySubscription(guildId, streamer.id),
    onSuccess: () => {
      toast({ id, message: t("retry.planned") });
      setTimeout(() => {
        reload(client, guildId);
        forget(client, guildId, streamer.id);
      }, VERIFIED_AFTER_MS);
    },
    onError: (error) => fail(error, { id, title: t("retry.failed", { name }) }),
  });
}

/** Removes a streamer; they can be brought back with all their settings. */
export function useRemove(guildId: string, streamer: Item, onDone: () => void) {
  const { t } = useTranslation("streamers");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const fail = useFailureToast();
  const name = streamer.display_name;
  const restore = async (settings: Schema["StreamerBody"]) => {
    try {
      await restoreStreamer(guildId, streamer, settings);
      toast({ message: t("restored", { name }) });
    } catch (error) {
      fail(error as Error, { title: t("notRestored", { name }) });
    }
    reload(client, guildId);
    forget(client, guildId, streamer.id);
  };
  return useMutation({
    mutationFn: () => removeStreamer(guildId, streamer.id),
    onSuccess: async (settings) => {
      if (await patchRow(client, guildId, streamer.id, null)) reload(client, guildId);
      client.removeQueries({ queryKey: queries.streamer(guildId, streamer.id).queryKey });
      void client.invalidateQueries({ queryKey: queries.overview(guildId).queryKey });
      toastWithUndo({
        id: `removed-${streamer.id}`,
        message: t("removed", { name }),
        undo: common("undo"),
        onUndo: () => void restore(settings),
      });
      onDone();
    },
  });
}
