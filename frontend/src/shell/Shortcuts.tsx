import { Kbd, Modal, Table } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { paths } from "~/paths";
import { guildPages } from "./guild-pages";
import { modifier } from "./SearchButton";
import { useShortcutsSetting } from "./settings";

/** How long after `g` the second key may come. */
const SEQUENCE_MS = 1500;

/** Keys that lead to pages, and the list of them behind `?`. */
export function Shortcuts({ guildId }: { guildId: string | undefined }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [enabled] = useShortcutsSetting();
  const [opened, help] = useDisclosure();
  const openHelp = help.open;

  useEffect(() => {
    if (!enabled) return;
    let leaderAt = -Infinity;
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "?") return openHelp();
      const follows = event.timeStamp - leaderAt < SEQUENCE_MS;
      leaderAt = event.key === "g" ? event.timeStamp : -Infinity;
      if (!follows) return;
      if (event.key === "h") void navigate({ to: paths.servers });
      if (event.key === "m") void navigate({ to: paths.me });
      const page = guildPages.find(({ key }) => key === event.key);
      if (page && guildId) void navigate({ to: page.to, params: { guildId } });
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [enabled, guildId, navigate, openHelp]);

  const rows: [string, string][] = [
    [`${modifier()} K`, t("palette.open")],
    [`${modifier()} S`, t("form.save")],
    ["?", t("shortcuts.title")],
    ["n", t("shortcuts.addStreamer")],
    ["g h", t("servers.all")],
    ["g m", t("user.notifications")],
    ...guildPages.map(({ key, name }): [string, string] => [`g ${key}`, t(name)]),
  ];
  return (
    <Modal opened={opened} onClose={help.close} title={t("shortcuts.title")}>
      <Table>
        <Table.Tbody>
          {rows.map(([keys, name]) => (
            <Table.Tr key={keys}>
              <Table.Td w={110}>
                {keys.split(" ").map((key) => (
                  <Kbd key={key} mr={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{name}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
