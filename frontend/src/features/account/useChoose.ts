import { useMutation, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { toastWithUndo, useFailureToast } from "~/ui/toast";
import { optedOutBy } from "./choice";

type Guild = Schema["GuildPreferenceItem"];
type Streamer = Schema["PreferenceItem"];
type Wants = boolean | null;

/** What is chosen, and what it was, which Undo and a failure go back to. */
interface Change<T> {
  of: T;
  to: Wants;
  undo?: boolean;
}

function useSetGuild() {
  const client = useQueryClient();
  return (guildId: string, change: (guild: Guild) => Guild) =>
    client.setQueryData(queries.preferences.queryKey, (guilds) =>
      guilds?.map((each) => (each.guild_id === guildId ? change(each) : each)),
    );
}

/** Chooses for a whole server: shown at once, taken back when it fails. */
export function useChooseGuild(guild: Guild) {
  const { t } = useTranslation("account");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const set = useSetGuild();
  const fail = useFailureToast();
  const id = guild.guild_id;
  const before = guild.wants_ping ?? null;
  const mutation = useMutation({
    // One after the other: the last click is what is stored.
    scope: { id: `preferences-${id}` },
    mutationFn: ({ to }: Change<Guild>) =>
      ask(
        api.PUT("/api/users/me/preferences/{guild_id}", {
          params: { path: { guild_id: id } },
          body: { wants_ping: to },
        }),
      ),
    onMutate: async ({ to }) => {
      await client.cancelQueries({ queryKey: queries.preferences.queryKey });
      set(id, (each) => ({ ...each, wants_ping: to }));
    },
    onError: (error, { of }) => {
      set(id, (each) => ({ ...each, wants_ping: of.wants_ping }));
      fail(error);
    },
    onSuccess: ({ honoured }, { of, to, undo }) => {
      set(id, (each) => ({ ...each, honoured }));
      if (undo) return;
      toastWithUndo({
        id: `pings-${id}`,
        message: t(to ? "pings.done.guildOn" : "pings.done.guildOff", { name: of.guild_name }),
        undo: common("undo"),
        onUndo: () =>
          mutation.mutate({ of: { ...of, wants_ping: to }, to: of.wants_ping ?? null, undo: true }),
      });
    },
  });
  return (wants: boolean) => mutation.mutate({ of: { ...guild, wants_ping: before }, to: wants });
}

/** Chooses for one streamer of a server, in the list that is searched for `q`. */
export function useChooseStreamer(guild: Guild, q: string) {
  const { t } = useTranslation("account");
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const setGuild = useSetGuild();
  const fail = useFailureToast();
  const id = guild.guild_id;
  const key = queries.guildPreferences(id, q).queryKey;
  const show = (streamer: Streamer, from: Wants, to: Wants) => {
    client.setQueryData(key, (data) => data && withChoice(data, streamer.streamer_id, to));
    setGuild(id, (each) => ({ ...each, opted_out: each.opted_out + optedOutBy(from, to) }));
  };
  const mutation = useMutation({
    scope: { id: `preferences-${id}` },
    mutationFn: ({ of, to }: Change<Streamer>) =>
      ask(
        api.PUT("/api/users/me/preferences/{guild_id}/{streamer_id}", {
          params: { path: { guild_id: id, streamer_id: of.streamer_id } },
          body: { wants_ping: to },
        }),
      ),
    onMutate: async ({ of, to }) => {
      await client.cancelQueries({ queryKey: key });
      show(of, of.wants_ping ?? null, to);
    },
    onError: (error, { of, to }) => {
      show(of, to, of.wants_ping ?? null);
      fail(error);
    },
    onSuccess: (answer, { of, to, undo }) => {
      // The same list under another search has the old choice.
      void client.invalidateQueries({
        queryKey: ["guild-preferences", id],
        refetchType: "none",
      });
      if (undo) return;
      const unheeded = to === false && !answer.honoured;
      const done = unheeded
        ? "unheeded"
        : to === null
          ? "streamerServer"
          : to
            ? "streamerOn"
            : "streamerOff";
      toastWithUndo({
        id: `pings-${id}-${of.streamer_id}`,
        message: t(`pings.done.${done}`, { name: of.display_name }),
        undo: common("undo"),
        onUndo: () =>
          mutation.mutate({ of: { ...of, wants_ping: to }, to: of.wants_ping ?? null, undo: true }),
      });
    },
  });
  return (streamer: Streamer, wants: Wants) => mutation.mutate({ of: streamer, to: wants });
}

type Pages = InfiniteData<Schema["PreferencePage"]>;

function withChoice(data: Pages, streamerId: string, wants: Wants): Pages {
  const item = (each: Streamer) =>
    each.streamer_id === streamerId ? { ...each, wants_ping: wants } : each;
  return {
    ...data,
    pages: data.pages.map((page) => ({ ...page, items: page.items.map(item) })),
  };
}
