import { Badge } from "@mantine/core";
import type { ReactNode } from "react";

/** A state: always an icon, a word and a colour. */
export function Status({
  icon,
  color,
  children,
}: {
  icon: ReactNode;
  color: string;
  children: ReactNode;
}) {
  return (
    <Badge color={color} variant="light" size="lg" tt="none" leftSection={icon}>
      {children}
    </Badge>
  );
}
