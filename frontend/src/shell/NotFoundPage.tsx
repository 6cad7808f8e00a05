import { Button, Center } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconMapOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { paths } from "~/paths";
import { EmptyState } from "~/ui/EmptyState";

/** In place of a page that does not exist. */
export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Center component="main" mih="100vh">
      <EmptyState
        icon={<IconMapOff size={40} />}
        title={t("notFound.title")}
        text={t("notFound.text")}
        actions={
          <Button component={Link} to={paths.servers}>
            {t("notFound.home")}
          </Button>
        }
      />
    </Center>
  );
}
