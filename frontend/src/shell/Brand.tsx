import { Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { paths } from "~/paths";
import classes from "./Brand.module.css";

/** The name, and the way home. */
export function Brand({
  to = paths.servers,
}: {
  to?: typeof paths.servers | typeof paths.landing;
}) {
  return (
    <Link to={to} className={classes.brand} aria-label="StreamMaxing">
      <Group gap={8} wrap="nowrap">
        <img src="/favicon.svg" alt="" width={28} height={28} />
        <Text fw={700} component="span" className={classes.name}>
          StreamMaxing
        </Text>
      </Group>
    </Link>
  );
}
