import { Button, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { leave, paths } from "~/paths";
import { TextLink } from "~/ui/links";
import classes from "./Watch.module.css";

/** Why somebody may not see a feed, and what they can do. */
export function Barred({ channel }: { channel: Schema["ChannelView"] }) {
  const { t } = useTranslation("watch");
  const name = channel.display_name;
  const servers = channel.servers.map((server) => server.name).join(", ");
  const why = () => {
    if (channel.servers.length === 0) return t("barred.noServer", { name });
    const shows = channel.servers.some((server) => server.shows_feed);
    return t(shows ? "barred.notGranted" : "barred.notShown", {
      count: channel.servers.length,
      name,
      servers,
    });
  };
  return (
    <Stack className={classes.instead} gap="sm" justify="center" h="100%">
      <Title order={3} size="h5">
        {t("barred.title", { name })}
      </Title>
      <Text size="sm" c="dimmed">
        {why()}
      </Text>
      <Text size="sm" c="dimmed">
        {t("barred.own", { name })}
      </Text>
      <Button component="a" href={leave.linkChannel([])} variant="default" size="xs">
        {t("barred.link")}
      </Button>
      <TextLink to={paths.servers} size="sm">
        {t("barred.servers")}
      </TextLink>
    </Stack>
  );
}
