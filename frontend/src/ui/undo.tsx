import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";

const SHOWN_MS = 8000;

/** Says that something was changed at once, with a button that takes it back. */
export function offerUndo({
  message,
  undo,
  onUndo,
}: {
  message: string;
  /** The button's word. */
  undo: string;
  onUndo: () => void;
}) {
  const id = notifications.show({
    autoClose: SHOWN_MS,
    message: (
      <Group justify="space-between" gap="sm" wrap="nowrap">
        <Text size="sm">{message}</Text>
        <Button
          size="xs"
          variant="default"
          onClick={() => {
            notifications.hide(id);
            onUndo();
          }}
        >
          {undo}
        </Button>
      </Group>
    ),
  });
}
