import { Tabs } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { IconClipboardList, IconLink, IconSearch } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { Dialog } from "~/ui/Dialog";
import classes from "./dialog.module.css";
import { InviteTab } from "./InviteTab";
import { PasteTab } from "./PasteTab";
import { SearchTab } from "./SearchTab";

const TABS = ["search", "list", "invite"] as const;
const ICONS = { search: IconSearch, list: IconClipboardList, invite: IconLink };

/** A way to add a streamer. */
export type AddTab = (typeof TABS)[number];

/** The ways to add streamers: searching, pasting a list, asking the streamer. */
export function AddDialog({
  guildId,
  tab,
  onTab,
  known,
}: {
  guildId: string;
  /** As it stands in the address; anything but a tab closes the dialog. */
  tab: string | undefined;
  onTab: (tab: AddTab | undefined) => void;
  known: Schema["StreamerItem"][];
}) {
  const { t } = useTranslation("streamers");
  const client = useQueryClient();
  const small = useMediaQuery("(max-width: 48em)");
  const added = useRef(false);
  const active = TABS.find((each) => each === tab);
  const close = () => {
    onTab(undefined);
    // Once for all that were added: a long list is many requests.
    if (added.current)
      void client.invalidateQueries({ queryKey: queries.streamers(guildId).queryKey });
    added.current = false;
  };
  const onAdded = () => {
    added.current = true;
    void client.invalidateQueries({ queryKey: queries.overview(guildId).queryKey });
  };
  return (
    <Dialog
      opened={active !== undefined}
      onClose={close}
      title={t("addDialog.title")}
      size="lg"
      fullScreen={small}
    >
      <Tabs
        value={active ?? "search"}
        onChange={(value) => onTab(value as AddTab)}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {TABS.map((each) => {
            const Icon = ICONS[each];
            return (
              <Tabs.Tab
                key={each}
                value={each}
                leftSection={<Icon size={16} className={classes.tabIcon} aria-hidden />}
              >
                {t(`addDialog.${each}`)}
              </Tabs.Tab>
            );
          })}
        </Tabs.List>
        <Tabs.Panel value="search">
          <SearchTab guildId={guildId} known={known} onAdded={onAdded} />
        </Tabs.Panel>
        <Tabs.Panel value="list">
          <PasteTab guildId={guildId} onAdded={onAdded} />
        </Tabs.Panel>
        <Tabs.Panel value="invite">
          <InviteTab guildId={guildId} />
        </Tabs.Panel>
      </Tabs>
    </Dialog>
  );
}
