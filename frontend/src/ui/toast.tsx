import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";
import { Problem } from "~/api/problem";
import { describe } from "./ProblemCard";

/** Long enough to read it and to reach the button by keyboard. */
const UNDO_MS = 8000;

interface Toast {
  /** The next one about the same thing takes its place. */
  id?: string;
  title?: string;
  message: string;
  failed?: boolean;
  /** It was done and yet is not as it should be; it stays until it is closed. */
  warning?: boolean;
}

/** Says in passing that something was done; a failure stays until it is closed. */
export function toast({ id, title, message, failed = false, warning = false }: Toast) {
  if (id) notifications.hide(id);
  notifications.show({
    id,
    title,
    message,
    color: failed ? "red" : warning ? "orange" : "green",
    autoClose: failed || warning ? false : 4000,
  });
}

/** Says in passing what went wrong, and what can be done about it. */
export function useFailureToast() {
  const { t } = useTranslation();
  return (error: Error, { id, title }: { id?: string; title?: string } = {}) => {
    if (!(error instanceof Problem)) {
      toast({ id, title, message: error.message, failed: true });
      return;
    }
    const said = describe(t, error);
    const wait =
      error.retryAfter === null ? [] : [t("problem.wait", { seconds: error.retryAfter })];
    const message = [...(title ? [`${said.title}.`] : []), said.text, ...wait].join(" ");
    toast({ id, title: title ?? said.title, message, failed: true });
  };
}

/** Says that something was done, and takes it back on request. */
export function toastWithUndo({
  id,
  message,
  undo,
  onUndo,
}: {
  /** The next one about the same thing takes its place. */
  id: string;
  message: string;
  /** The word on the button. */
  undo: string;
  onUndo: () => void;
}) {
  const takeBack = () => {
    notifications.hide(id);
    onUndo();
  };
  notifications.hide(id);
  notifications.show({
    id,
    color: "green",
    autoClose: UNDO_MS,
    message: (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm">{message}</Text>
        <Button size="xs" variant="default" onClick={takeBack}>
          {undo}
        </Button>
      </Group>
    ),
  });
}
