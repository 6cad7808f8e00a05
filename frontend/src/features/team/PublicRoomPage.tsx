import { useQuery } from "@tanstack/react-query";
import { IconMapOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { meQuery } from "~/api/session";
import { paths } from "~/paths";
import { PUBLIC_ROOM } from "~/shell/public-room";
import { EmptyState } from "~/ui/EmptyState";
import { LinkButton } from "~/ui/links";
import { Page } from "~/ui/Page";
import { RoomPage } from "./RoomPage";

/** The room of everybody who is signed in, where the operator has opened it. */
export function PublicRoomPage() {
  const { t } = useTranslation("team");
  const me = useQuery(meQuery);
  if (!me.data) return null;
  if (!me.data.public_room) {
    return (
      <Page title={t("public.title")}>
        <EmptyState
          icon={<IconMapOff size={40} />}
          title={t("public.closedTitle")}
          text={t("public.closedText")}
          actions={<LinkButton to={paths.servers}>{t("public.toServers")}</LinkButton>}
        />
      </Page>
    );
  }
  return (
    <RoomPage name={PUBLIC_ROOM} me={me.data} title={t("public.title")} text={t("public.text")} />
  );
}
