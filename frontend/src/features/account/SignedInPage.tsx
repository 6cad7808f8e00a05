import { Button, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconArrowRight } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { announceSignIn } from "~/api/session";
import { paths } from "~/paths";
import { PublicCard, PublicFrame } from "~/shell/PublicFrame";
import { noteSignIn } from "~/shell/useSignedIn";

/** The tab in which somebody signed in again for another one: tells it, and closes itself if it may. */
export function SignedInPage() {
  const { t } = useTranslation("account");
  useEffect(() => {
    document.title = `${t("signedIn.title")} · StreamMaxing`;
  }, [t]);
  useEffect(() => {
    noteSignIn(true);
    announceSignIn();
    window.close();
  }, []);
  return (
    <PublicFrame>
      <PublicCard title={t("signedIn.title")}>
        <Text role="status">{t("signedIn.text")}</Text>
        <Button
          component={Link}
          to={paths.servers}
          variant="default"
          rightSection={<IconArrowRight size={18} />}
        >
          {t("signedIn.here")}
        </Button>
      </PublicCard>
    </PublicFrame>
  );
}
