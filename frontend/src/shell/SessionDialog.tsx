import { Button, Group, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { meQuery, onSignIn, sessionEnded } from "~/api/session";
import { leave, paths } from "~/paths";
import { Dialog } from "~/ui/Dialog";

/**
 * Comes up when a session has ended while somebody works.
 *
 * Signing in happens in another tab, so that nothing that was typed here is lost.
 */
export function SessionDialog() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const ended = useSyncExternalStore(sessionEnded.subscribe, sessionEnded.get);
  useEffect(
    () =>
      onSignIn(() => {
        sessionEnded.set(false);
        void client.invalidateQueries();
      }),
    [client],
  );
  const wasSignedIn = client.getQueryData(meQuery.queryKey) !== undefined;
  if (!ended || !wasSignedIn) return null;
  return (
    <Dialog opened onClose={() => sessionEnded.set(false)} title={t("session.endedTitle")} centered>
      <Text>{t("session.endedText")}</Text>
      <Group mt="lg" justify="flex-end">
        <Button component="a" href={leave.login(paths.signedIn)} target="_blank" data-autofocus>
          {t("session.signInAgain")}
        </Button>
      </Group>
    </Dialog>
  );
}
