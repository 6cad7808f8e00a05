import { SecretsSection } from "./SecretsSection";
import { TokensSection } from "./TokensSection";
import { TransferSection } from "./TransferSection";

/** What other programs have to do with the bot; loaded after the settings. */
export default function Programs({ channelId, secrets }: { channelId: string; secrets: string[] }) {
  return (
    <>
      <SecretsSection channelId={channelId} secrets={secrets} />
      <TokensSection channelId={channelId} />
      <TransferSection channelId={channelId} />
    </>
  );
}
