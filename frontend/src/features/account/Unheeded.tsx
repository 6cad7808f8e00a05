import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** Says that some announcements of a server ping one whatever one chooses. */
export function Unheeded() {
  const { t } = useTranslation("account");
  return (
    <Alert
      color="yellow"
      role="status"
      mt="sm"
      mb="sm"
      icon={<IconAlertTriangle />}
      title={t("pings.unheeded.title")}
    >
      {t("pings.unheeded.text")}
    </Alert>
  );
}
