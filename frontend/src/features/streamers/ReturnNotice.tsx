import { Alert, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type texts from "./locale/en.json";

type Code = keyof (typeof texts)["errors"];

/** What came of linking a channel, when Twitch has sent the browser back. */
export function ReturnNotice({
  linked,
  error,
  onClose,
}: {
  linked: string | undefined;
  error: string | undefined;
  onClose: () => void;
}) {
  const { t } = useTranslation("streamers");
  const { t: common } = useTranslation();
  const close = { withCloseButton: true, closeButtonLabel: common("close"), onClose };
  if (linked) {
    return (
      <Alert
        color="green"
        role="status"
        icon={<IconCheck />}
        title={t("linkedNow", { login: linked })}
        {...close}
      >
        {t("linkedNowAbout")}
      </Alert>
    );
  }
  if (!error) return null;
  return (
    <Alert color="red" icon={<IconAlertTriangle />} title={t("notLinked")} {...close}>
      <Text size="sm">
        {t(`errors.${error as Code}`, { defaultValue: t("errors.unavailable") })}
      </Text>
    </Alert>
  );
}
