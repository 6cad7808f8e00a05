import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { meQuery } from "~/api/session";
import { PeopleHere } from "~/presence/PeopleHere";
import { RoomPage } from "./RoomPage";

/** A server's room: what its members say to each other, and who of them is there. */
export function TeamPage() {
  const { t } = useTranslation("team");
  const { guildId } = useParams({ from: "/app/s/$guildId/team" });
  const me = useQuery(meQuery);
  if (!me.data) return null;
  return (
    <RoomPage
      key={guildId}
      name={guildId}
      me={me.data}
      title={t("title")}
      text={t("text")}
      beside={<PeopleHere guildId={guildId} me={me.data.id} />}
    />
  );
}
