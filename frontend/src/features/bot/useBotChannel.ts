import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { botQueries, type BotChannel } from "./queries";

/** The id of the channel that the pages are about. */
export const useChannelId = (): string =>
  useParams({ from: "/app/me/bot/$channelId", select: ({ channelId }) => channelId });

/** The channel that the pages are about; the frame around them has found it. */
export function useBotChannel(): BotChannel | undefined {
  const channelId = useChannelId();
  const { data } = useQuery(botQueries.channels);
  return data?.find(({ channel_id }) => channel_id === channelId);
}
