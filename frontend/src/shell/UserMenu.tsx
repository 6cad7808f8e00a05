import { Menu, Text, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  IconBell,
  IconBrandTwitch,
  IconDeviceDesktop,
  IconLogout,
  IconMessageChatbot,
  IconMoon,
  IconPalette,
  IconShield,
  IconSun,
  IconWorld,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { paths } from "~/paths";
import { RemoteImage } from "~/ui/RemoteImage";
import { PUBLIC_ROOM, useHasPublicRoom } from "./public-room";
import { UnreadBadge } from "./UnreadBadge";
import { useLeave } from "./useLeave";

/** Who is signed in: own pages, colour scheme, sign-out. */
export default function UserMenu({ me }: { me: Schema["Me"] }) {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const leave = useLeave();
  const hasPublicRoom = useHasPublicRoom();
  const signOut = useMutation({
    mutationFn: () => ask(api.POST("/api/auth/logout")),
    onSuccess: () => leave(),
  });
  const name = me.global_name ?? me.username;
  const dark = colorScheme !== "light";
  return (
    <Menu position="bottom-end" width={240} shadow="md">
      <Menu.Target>
        <UnstyledButton aria-label={t("user.menu", { name })}>
          <RemoteImage src={me.avatar_url} name={name} size={34} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} truncate>
            {name}
          </Text>
        </Menu.Label>
        {hasPublicRoom && (
          <Menu.Item
            component={Link}
            to={paths.room}
            leftSection={<IconWorld size={16} />}
            rightSection={<UnreadBadge room={PUBLIC_ROOM} />}
          >
            {t("nav.publicRoom")}
          </Menu.Item>
        )}
        <Menu.Item component={Link} to={paths.me} leftSection={<IconBell size={16} />}>
          {t("user.notifications")}
        </Menu.Item>
        <Menu.Item
          component={Link}
          to={paths.sessions}
          leftSection={<IconDeviceDesktop size={16} />}
        >
          {t("user.sessions")}
        </Menu.Item>
        <Menu.Item
          component={Link}
          to={paths.ownChannel}
          leftSection={<IconBrandTwitch size={16} />}
        >
          {t("user.channel")}
        </Menu.Item>
        <Menu.Item component={Link} to={paths.bot} leftSection={<IconMessageChatbot size={16} />}>
          {t("user.bot")}
        </Menu.Item>
        <Menu.Item component={Link} to={paths.privacy} leftSection={<IconShield size={16} />}>
          {t("user.privacy")}
        </Menu.Item>
        <Menu.Item component={Link} to={paths.appearance} leftSection={<IconPalette size={16} />}>
          {t("user.appearance")}
        </Menu.Item>
        <Menu.Item
          closeMenuOnClick={false}
          leftSection={dark ? <IconSun size={16} /> : <IconMoon size={16} />}
          onClick={() => setColorScheme(dark ? "light" : "dark")}
        >
          {t(dark ? "user.light" : "user.dark")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOut.mutate()}>
          {t("user.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
