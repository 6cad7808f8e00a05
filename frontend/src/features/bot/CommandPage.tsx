import { useParams } from "@tanstack/react-router";
import { EditCommand } from "./EditCommand";
import { NewCommand } from "./NewCommand";
import { useChannelId } from "./useBotChannel";

/** Stands in the address for a command that is not there yet. */
const NEW = "new";

/** A command, or a new one. */
export function CommandPage() {
  const channelId = useChannelId();
  const { commandId } = useParams({ from: "/app/me/bot/$channelId/commands/$commandId" });
  if (commandId === NEW) return <NewCommand channelId={channelId} />;
  return <EditCommand key={commandId} channelId={channelId} commandId={commandId} />;
}
