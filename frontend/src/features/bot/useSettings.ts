import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { toast } from "~/ui/toast";
import { useDocument } from "~/ui/useDocument";
import { botQueries } from "./queries";
import { saveSettings, settingsFormOf, settingsFormQuery, type SettingsForm } from "./settings";

/** What goes for all commands of a channel, while somebody edits it. */
export function useSettings(channelId: string) {
  const { t } = useTranslation("bot");
  const client = useQueryClient();
  const query = useQuery(settingsFormQuery(channelId));
  const document = useDocument<SettingsForm>({
    id: `bot-settings:${channelId}`,
    query,
    save: async (form, etag) => {
      const saved = await saveSettings(channelId, form, etag);
      client.setQueryData(botQueries.settings(channelId).queryKey, saved);
      return { value: settingsFormOf(saved.value), etag: saved.etag };
    },
    onSaved: () => toast({ message: t("saved") }),
  });
  return { query, document };
}
