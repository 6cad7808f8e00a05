import { Kbd, SimpleGrid, Table, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { paths } from "~/paths";
import { Dialog } from "~/ui/Dialog";
import { guildPages } from "./guild-pages";
import { modifier } from "./SearchButton";
import { useKeys } from "./useKeys";

/** Keys that lead to pages, and the list of all keys behind `?`. */
export function Shortcuts({ guildId }: { guildId: string | undefined }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [opened, help] = useDisclosure();
  const pages = guildPages.map(({ key, to }): [string, () => void] => [
    `g ${key}`,
    () => guildId && void navigate({ to, params: { guildId } }),
  ]);
  useKeys({
    "?": help.open,
    "g h": () => void navigate({ to: paths.servers }),
    "g m": () => void navigate({ to: paths.me }),
    "g b": () => void navigate({ to: paths.bot }),
    "g w": () => void navigate({ to: paths.live }),
    ...Object.fromEntries(pages),
  });
  return (
    <Dialog opened={opened} onClose={help.close} title={t("shortcuts.title")} size="lg">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg" verticalSpacing="lg">
        <List guildId={guildId} />
      </SimpleGrid>
    </Dialog>
  );
}

/** Every key, by where it works. */
function List({ guildId }: { guildId: string | undefined }) {
  const { t } = useTranslation();
  const mod = modifier();
  return (
    <>
      <Keys
        where={t("shortcuts.everywhere")}
        rows={[
          [`${mod} K`, t("palette.open")],
          [`${mod} S`, t("form.save")],
          ["?", t("shortcuts.title")],
          ["g h", t("servers.all")],
          ["g m", t("user.notifications")],
          ["g b", t("user.bot")],
          ["g w", t("nav.watch")],
        ]}
      />
      {guildId && (
        <Keys
          where={t("shortcuts.server")}
          rows={guildPages.map(({ key, name }) => [`g ${key}`, t(name)])}
        />
      )}
      <Keys
        where={t("servers.title")}
        rows={[
          ["/", t("shortcuts.filter")],
          ["↑ ↓", t("shortcuts.upDown")],
        ]}
      />
      <Keys where={t("nav.streamers")} rows={[["n", t("shortcuts.addStreamer")]]} />
      <Keys where={t("user.bot")} rows={[["n", t("shortcuts.addCommand")]]} />
      <Keys where={t("nav.watch")} rows={[["p", t("shortcuts.pauseFeed")]]} />
      <Keys
        where={t("shortcuts.lists")}
        rows={[
          ["j", t("shortcuts.next")],
          ["k", t("shortcuts.previous")],
          ["Enter", t("shortcuts.open")],
        ]}
      />
      <Keys
        where={t("shortcuts.editor")}
        rows={[
          [`${mod} Enter`, t("testSend.button")],
          [`${mod} B`, t("shortcuts.bold")],
          [`${mod} I`, t("shortcuts.italic")],
          ["Ctrl Space", t("shortcuts.variables")],
          ["F8", t("shortcuts.problem")],
        ]}
      />
    </>
  );
}

function Keys({ where, rows }: { where: string; rows: [string, string][] }) {
  const heading = useId();
  return (
    <section aria-labelledby={heading}>
      <Title order={3} size="h6" id={heading}>
        {where}
      </Title>
      <Table
        aria-labelledby={heading}
        withRowBorders={false}
        verticalSpacing={6}
        horizontalSpacing={0}
      >
        <Table.Tbody>
          {rows.map(([keys, does]) => (
            <Table.Tr key={keys}>
              <Table.Td w={110}>
                {keys.split(" ").map((key) => (
                  <Kbd key={key} mr={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{does}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
