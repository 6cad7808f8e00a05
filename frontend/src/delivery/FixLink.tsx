import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { leave, paths } from "~/paths";
import { LinkButton } from "~/ui/links";
import { CopyButton } from "~/ui/CopyButton";
import type { Explained } from "./reasons";

/** The way to where a cause is dealt with. */
export function FixLink({
  guildId,
  streamerId,
  explained: { fix, place },
}: {
  guildId: string;
  streamerId: string | null | undefined;
  explained: Explained;
}) {
  const { t } = useTranslation("delivery");
  if (place === "discord") return <CopyButton text={fix} label={t("fix.copySteps")} />;
  if (place === "install") {
    return (
      <Button size="xs" variant="default" component="a" href={leave.install(guildId)}>
        {t("fix.install")}
      </Button>
    );
  }
  if (place === "streamer" && streamerId) {
    return (
      <LinkButton size="xs" variant="default" to={paths.streamer} params={{ guildId, streamerId }}>
        {t("fix.streamer")}
      </LinkButton>
    );
  }
  if (place === "notifications" || place === "templates") {
    return (
      <LinkButton size="xs" variant="default" to={paths[place]} params={{ guildId }}>
        {t(`fix.${place}`)}
      </LinkButton>
    );
  }
  return null;
}
