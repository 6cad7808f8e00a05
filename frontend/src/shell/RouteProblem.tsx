import { Button, Center } from "@mantine/core";
import { useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { IconMoodSad } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "~/ui/EmptyState";
import { isLostChunk, reloadOnce } from "./lost-chunks";

/** In place of a page that broke: a chunk that could not be loaded, or a fault of ours. */
export function RouteProblem({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const isLost = isLostChunk(error);
  useEffect(() => {
    if (isLost) reloadOnce();
  }, [isLost]);
  const retry = () => {
    // A browser remembers that a script could not be loaded: only a new page asks for it again.
    if (isLost) return location.reload();
    reset();
    void router.invalidate();
  };
  return (
    <Center component="main" mih="60vh">
      <EmptyState
        icon={<IconMoodSad size={40} />}
        title={t("broken.title")}
        text={t("broken.text")}
        actions={
          <>
            <Button onClick={() => location.reload()}>{t("broken.reload")}</Button>
            <Button variant="default" onClick={retry}>
              {t("problem.retry")}
            </Button>
          </>
        }
      />
    </Center>
  );
}
