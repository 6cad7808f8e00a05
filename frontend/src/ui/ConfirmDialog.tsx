import { Button, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "~/api/problem";
import { Dialog, type DialogProps } from "./Dialog";
import { ProblemAlert } from "./ProblemCard";

/** Asks before something that cannot be undone; the title names what and how many. */
export function ConfirmDialog({
  opened,
  title,
  children,
  action,
  danger = true,
  busy = false,
  error = null,
  returnTo,
  onConfirm,
  onClose,
}: {
  opened: boolean;
  title: string;
  children: ReactNode;
  /** The verb on the button. */
  action: string;
  danger?: boolean;
  busy?: boolean;
  error?: Error | null;
  returnTo?: DialogProps["returnTo"];
  onConfirm: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Dialog opened={opened} onClose={onClose} title={title} returnTo={returnTo} centered>
      <Text component="div">{children}</Text>
      {error instanceof Problem && <ProblemAlert problem={error} />}
      <Group mt="lg" justify="flex-end" gap="sm">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t("cancel")}
        </Button>
        <Button color={danger ? "red" : undefined} loading={busy} onClick={onConfirm}>
          {action}
        </Button>
      </Group>
    </Dialog>
  );
}
