import { Button, Center } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { IconMoodSad } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "~/ui/EmptyState";

/** In place of a page that broke: a chunk that could not be loaded, or a fault of ours. */
export function RouteProblem({ reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  return (
    <Center component="main" mih="60vh">
      <EmptyState
        icon={<IconMoodSad size={40} />}
        title={t("broken.title")}
        text={t("broken.text")}
        actions={
          <>
            <Button onClick={() => globalThis.location.reload()}>{t("broken.reload")}</Button>
            <Button variant="default" onClick={reset}>
              {t("problem.retry")}
            </Button>
          </>
        }
      />
    </Center>
  );
}
