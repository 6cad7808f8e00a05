import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, askTagged } from "~/api/client";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";
import { ChannelSelect } from "~/guild/ChannelSelect";
import { ProblemAlert } from "~/ui/ProblemCard";

/** Chooses the default channel on the spot, without a way to the settings. */
export function ChannelStep({ guildId }: { guildId: string }) {
  const { t } = useTranslation("overview");
  const client = useQueryClient();
  const choose = useMutation({
    mutationFn: async (channelId: string) => {
      const { value, etag } = await client.fetchQuery({ ...queries.config(guildId), staleTime: 0 });
      const saved = await askTagged(
        api.PUT("/api/guilds/{guild_id}/config", {
          params: { path: { guild_id: guildId }, header: { "If-Match": etag } },
          body: { ...value, default_channel_id: channelId },
        }),
      );
      // What there is to warn of stands in the checklist beside it.
      const { warnings: _, ...config } = saved.value;
      return { ...saved, value: config };
    },
    onSuccess: (saved) => client.setQueryData(queries.config(guildId).queryKey, saved),
    onSettled: () => client.invalidateQueries({ queryKey: queries.overview(guildId).queryKey }),
  });
  return (
    <div>
      <ChannelSelect
        guildId={guildId}
        value={choose.variables ?? null}
        onChange={(channelId) => channelId && choose.mutate(channelId)}
        label={t("setup.channel.action")}
      />
      {choose.error instanceof Problem && <ProblemAlert problem={choose.error} />}
    </div>
  );
}
