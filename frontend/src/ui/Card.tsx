import { Group, Paper, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./Card.module.css";

/** A box with a heading. */
export function Card({
  title,
  actions,
  children,
}: {
  title?: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Paper component="section" className={classes.card} p="md" radius="md" aria-label={title}>
      {title && (
        <Group justify="space-between" mb="sm">
          <Title order={2} size="h4">
            {title}
          </Title>
          {actions}
        </Group>
      )}
      {children}
    </Paper>
  );
}
