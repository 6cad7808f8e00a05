import { Notifications } from "@mantine/notifications";
import "@mantine/notifications/styles.css";
import { Palette } from "./Palette";
import { SessionDialog } from "./SessionDialog";
import { Shortcuts } from "./Shortcuts";

/** What lies over the pages and can wait until they are there: toasts, dialogs, the palette. */
export default function Overlays({ guildId }: { guildId: string | undefined }) {
  return (
    <>
      <Notifications position="bottom-right" />
      <SessionDialog />
      <Palette guildId={guildId} />
      <Shortcuts guildId={guildId} />
    </>
  );
}
