import { Alert } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** Says that the machine has lost its network; what was loaded stays on the screen. */
export function OfflineBanner() {
  const { t } = useTranslation();
  const { online } = useNetwork();
  if (online) return null;
  return (
    <Alert
      color="orange"
      radius={0}
      icon={<IconPlugConnectedX />}
      title={t("offline.title")}
      role="status"
    >
      {t("offline.text")}
    </Alert>
  );
}
