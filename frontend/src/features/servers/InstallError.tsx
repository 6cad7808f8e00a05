import { Alert, Text } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { paths } from "~/paths";

const CODES = [
  "access_denied",
  "consent_failed",
  "state_mismatch",
  "code_refused",
  "other_account",
  "not_installed",
  "not_an_admin",
  "rate_limited",
  "unavailable",
] as const;

/** Why adding the bot did not work, when the address says that it did not. */
export function InstallError() {
  const { t } = useTranslation("servers");
  const { t: common } = useTranslation();
  const { error } = useSearch({ from: "/app/servers" });
  const navigate = useNavigate({ from: paths.servers });
  if (!error) return null;
  const code = CODES.find((known) => known === error) ?? "unknown";
  const close = () =>
    void navigate({ search: (old) => ({ ...old, error: undefined }), replace: true });
  return (
    <Alert
      color={code === "access_denied" ? "yellow" : "red"}
      role="alert"
      icon={<IconAlertTriangle />}
      title={t(`error.${code}.title`)}
      withCloseButton
      closeButtonLabel={common("close")}
      onClose={close}
    >
      <Text size="sm">{t(`error.${code}.text`)}</Text>
    </Alert>
  );
}
