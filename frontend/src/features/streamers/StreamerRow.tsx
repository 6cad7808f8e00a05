import { ActionIcon, Group, Menu, Stack, Switch, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import {
  IconDotsVertical,
  IconExternalLink,
  IconHistory,
  IconPencil,
  IconTrash,
} from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { paths } from "~/paths";
import { ConfirmDialog } from "~/ui/ConfirmDialog";
import { RemoteImage } from "~/ui/RemoteImage";
import { Time } from "~/ui/Time";
import { LinkState, LiveState, OffState, SubscriptionState, Troubles } from "./states";
import classes from "./StreamersPage.module.css";
import { useRemove, useSwitch } from "./useRowWrites";

interface Props {
  guildId: string;
  streamer: Schema["StreamerItem"];
}

/** A streamer in the list. */
export function StreamerRow({ guildId, streamer }: Props) {
  const { t } = useTranslation("streamers");
  const switching = useSwitch(guildId, streamer);
  const name = streamer.display_name;
  return (
    <li className={classes.row}>
      <Group gap="sm" wrap="nowrap" className={classes.name}>
        <RemoteImage src={streamer.avatar_url} name={name} size={40} />
        <Stack gap={2} miw={0}>
          <Link
            to={paths.streamer}
            params={{ guildId, streamerId: streamer.id }}
            className={classes.link}
          >
            {name}
          </Link>
          <Group gap="0 var(--mantine-spacing-sm)">
            <LiveState live={streamer.live} />
            <LinkState linked={streamer.linked} />
          </Group>
        </Stack>
      </Group>
      <div className={classes.state}>
        {streamer.enabled ? <SubscriptionState streamer={streamer} /> : <OffState />}
      </div>
      <Text size="sm" className={classes.channels}>
        {t("channels", { count: streamer.destinations })}
      </Text>
      <Text size="sm" c="dimmed" className={classes.last} component="div">
        {streamer.last_sent_at ? (
          <>
            {t("lastSent")} <Time at={streamer.last_sent_at} />
          </>
        ) : (
          t("neverSent")
        )}
      </Text>
      <Group gap="sm" wrap="nowrap" className={classes.actions}>
        <Switch
          checked={streamer.enabled}
          onChange={(event) => switching(event.currentTarget.checked)}
          aria-label={t("switch", { name })}
          size="md"
        />
        <RowMenu guildId={guildId} streamer={streamer} />
      </Group>
      <Troubles guildId={guildId} streamer={streamer} className={classes.troubles} />
    </li>
  );
}

function RowMenu({ guildId, streamer }: Props) {
  const { t } = useTranslation("streamers");
  const [asking, setAsking] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const remove = useRemove(guildId, streamer, () => setAsking(false));
  const name = streamer.display_name;
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon
            ref={button}
            variant="subtle"
            color="gray"
            size={34}
            c="var(--mantine-color-dimmed)"
            aria-label={t("menu.label", { name })}
          >
            <IconDotsVertical size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconPencil size={16} />}
            renderRoot={(props) => (
              <Link {...props} to={paths.streamer} params={{ guildId, streamerId: streamer.id }} />
            )}
          >
            {t("menu.edit")}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconHistory size={16} />}
            renderRoot={(props) => (
              <Link
                {...props}
                to={paths.deliveries}
                params={{ guildId }}
                search={{ streamer_id: streamer.id }}
              />
            )}
          >
            {t("menu.deliveries")}
          </Menu.Item>
          <Menu.Item
            component="a"
            href={`https://www.twitch.tv/${streamer.login}`}
            target="_blank"
            rel="noopener noreferrer"
            leftSection={<IconExternalLink size={16} />}
          >
            {t("menu.twitch")}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            c="var(--mantine-color-red-text)"
            leftSection={<IconTrash size={16} />}
            onClick={() => setAsking(true)}
          >
            {t("menu.remove")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ConfirmDialog
        opened={asking}
        title={t("remove.title", { name })}
        action={t("remove.action")}
        busy={remove.isPending}
        error={remove.error}
        returnTo={button}
        onConfirm={() => remove.mutate()}
        onClose={() => {
          setAsking(false);
          remove.reset();
        }}
      >
        {t("remove.text", { count: streamer.destinations })}
      </ConfirmDialog>
    </>
  );
}
