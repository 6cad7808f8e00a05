import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";

/** Long enough to read it and to reach the button by keyboard. */
const UNDO_MS = 8000;

/** Says in passing that something was done; a failure stays until it is closed. */
export function toast({
  title,
  message,
  failed = false,
}: {
  title?: string;
  message: string;
  failed?: boolean;
}) {
  notifications.show({
    title,
    message,
    color: failed ? "red" : "green",
    autoClose: failed ? false : 4000,
  });
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
