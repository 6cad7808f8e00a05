import "@mantine/spotlight/styles.css";
import { useMantineColorScheme } from "@mantine/core";
import {
  Spotlight,
  type SpotlightActionData,
  type SpotlightActionGroupData,
} from "@mantine/spotlight";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useState } from "react";
import { queries } from "~/api/queries";
import { languages, setLanguage, type Language } from "~/i18n";
import { paths } from "~/paths";
import { guildPages } from "./guild-pages";
import { useHasPublicRoom } from "./public-room";

/** Ctrl-K: pages, servers, streamers, templates, and the page's own switches. */
export function Palette({ guildId }: { guildId: string | undefined }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const [opened, setOpened] = useState(false);
  const hasPublicRoom = useHasPublicRoom();
  const wanted = opened && guildId !== undefined;
  const guilds = useQuery({ ...queries.guilds, enabled: opened });
  const streamers = useInfiniteQuery({ ...queries.streamers(guildId ?? ""), enabled: wanted });
  const templates = useQuery({ ...queries.templates(guildId ?? ""), enabled: wanted });

  const pages: SpotlightActionData[] = guildId
    ? guildPages.map(({ to, name }) => ({
        id: to,
        label: t(name),
        onClick: () => void navigate({ to, params: { guildId } }),
      }))
    : [];
  const own = [
    { to: paths.servers, name: "servers.all" },
    { to: paths.live, name: "nav.watch" },
    { to: paths.me, name: "user.notifications" },
    { to: paths.sessions, name: "user.sessions" },
    { to: paths.ownChannel, name: "user.channel" },
    { to: paths.bot, name: "user.bot" },
    { to: paths.privacy, name: "user.privacy" },
    { to: paths.appearance, name: "user.appearance" },
    ...(hasPublicRoom ? [{ to: paths.room, name: "nav.publicRoom" } as const] : []),
  ] as const;
  pages.push(
    ...own.map(({ to, name }) => ({
      id: to,
      label: t(name),
      onClick: () => void navigate({ to }),
    })),
  );

  const followed = streamers.data?.pages.flatMap((page) => page.items) ?? [];
  const groups: SpotlightActionGroupData[] = [
    { group: t("palette.pages"), actions: pages },
    {
      group: t("nav.streamers"),
      actions: followed.map((streamer) => ({
        id: `streamer-${streamer.id}`,
        label: streamer.display_name,
        keywords: streamer.login,
        onClick: () =>
          guildId &&
          void navigate({ to: paths.streamer, params: { guildId, streamerId: streamer.id } }),
      })),
    },
    {
      group: t("nav.templates"),
      actions: (templates.data?.templates ?? []).map((template) => ({
        id: `template-${template.id}`,
        label: template.name,
        onClick: () =>
          guildId &&
          void navigate({ to: paths.template, params: { guildId, templateId: template.id } }),
      })),
    },
    {
      group: t("servers.title"),
      actions: (guilds.data?.ready ?? []).map((guild) => ({
        id: `guild-${guild.id}`,
        label: guild.name,
        onClick: () => void navigate({ to: paths.server, params: { guildId: guild.id } }),
      })),
    },
    {
      group: t("palette.settings"),
      actions: [
        { id: "dark", label: t("user.dark"), onClick: () => setColorScheme("dark") },
        { id: "light", label: t("user.light"), onClick: () => setColorScheme("light") },
        ...(Object.keys(languages) as Language[]).map((language) => ({
          id: `language-${language}`,
          label: languages[language],
          keywords: t("palette.language"),
          onClick: () => void setLanguage(language),
        })),
      ],
    },
  ];
  return (
    <Spotlight
      actions={groups.filter(({ actions }) => actions.length > 0)}
      onSpotlightOpen={() => setOpened(true)}
      onSpotlightClose={() => setOpened(false)}
      nothingFound={t("nothingFound")}
      shortcut={["mod + K"]}
      highlightQuery
      limit={20}
      scrollable
      maxHeight={420}
      searchProps={{ placeholder: t("palette.placeholder"), "aria-label": t("palette.open") }}
    />
  );
}
