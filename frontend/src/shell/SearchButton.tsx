import { ActionIcon, Button, Kbd, VisuallyHidden } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** Opens the palette. */
export function SearchButton() {
  const { t } = useTranslation();
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconSearch size={16} />}
        rightSection={<Kbd size="xs">{modifier()} K</Kbd>}
        onClick={spotlight.open}
        visibleFrom="sm"
      >
        {t("palette.open")}
      </Button>
      <ActionIcon
        variant="default"
        size="lg"
        onClick={spotlight.open}
        hiddenFrom="sm"
        aria-label={t("palette.open")}
      >
        <IconSearch size={18} />
        <VisuallyHidden>{t("palette.open")}</VisuallyHidden>
      </ActionIcon>
    </>
  );
}

/** The key that this machine's people press. */
export function modifier(): string {
  return /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";
}
