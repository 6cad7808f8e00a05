import { Group, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** What to do where there is nothing yet. */
export function EmptyState({
  icon,
  title,
  text,
  actions,
}: {
  icon: ReactNode;
  title: string;
  text: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <Stack align="center" ta="center" py="xl" px="md" gap="sm">
      <Text c="dimmed" component="span" aria-hidden>
        {icon}
      </Text>
      <Title order={2} size="h4">
        {title}
      </Title>
      <Text c="dimmed" maw={520}>
        {text}
      </Text>
      {actions && (
        <Group justify="center" gap="sm" mt="xs">
          {actions}
        </Group>
      )}
    </Stack>
  );
}
