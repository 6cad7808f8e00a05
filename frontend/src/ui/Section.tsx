import { Stack, Text, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";
import classes from "./Section.module.css";

/** Settings that belong together, with what they are about beside them. */
export function Section({
  title,
  text,
  children,
}: {
  title: string;
  text: ReactNode;
  children: ReactNode;
}) {
  const heading = useId();
  return (
    <section className={classes.section} aria-labelledby={heading}>
      <div>
        <Title order={2} size="h4" id={heading}>
          {title}
        </Title>
        <Text size="sm" c="dimmed" mt={4}>
          {text}
        </Text>
      </div>
      <Stack gap="md" maw={560}>
        {children}
      </Stack>
    </section>
  );
}
