import { Button, Center } from "@mantine/core";
import { useLocation } from "@tanstack/react-router";
import { IconBrandDiscord, IconLock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { leave } from "~/paths";
import { EmptyState } from "~/ui/EmptyState";

/** In place of a page that needs somebody signed in; signing in leads back to it. */
export function SignedOutPage() {
  const { t } = useTranslation();
  const { href } = useLocation();
  return (
    <Center component="main" mih="100vh">
      <EmptyState
        icon={<IconLock size={40} />}
        title={t("signedOut.title")}
        text={t("signedOut.text")}
        actions={
          <Button
            component="a"
            href={leave.login(href)}
            leftSection={<IconBrandDiscord size={18} />}
          >
            {t("signIn")}
          </Button>
        }
      />
    </Center>
  );
}
