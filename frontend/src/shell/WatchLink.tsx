import { ActionIcon, Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { paths } from "~/paths";

/** Leads to the channels that somebody watches; a word where there is room for one. */
export function WatchLink() {
  const { t } = useTranslation();
  const icon = <IconPlayerPlay size={18} />;
  return (
    <>
      <Button
        component={Link}
        to={paths.live}
        variant="subtle"
        color="gray"
        px="xs"
        leftSection={icon}
        visibleFrom="md"
      >
        {t("nav.watch")}
      </Button>
      <ActionIcon
        component={Link}
        to={paths.live}
        variant="subtle"
        color="gray"
        size="lg"
        hiddenFrom="md"
        aria-label={t("nav.watch")}
      >
        {icon}
      </ActionIcon>
    </>
  );
}
