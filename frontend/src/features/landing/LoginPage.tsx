import { Alert, Button, Text } from "@mantine/core";
import { useSearch } from "@tanstack/react-router";
import { IconAlertTriangle, IconBrandDiscord } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { leave, paths } from "~/paths";
import { PublicCard, PublicFrame } from "~/shell/PublicFrame";
import { signInError } from "./sign-in-error";

/** Where a sign-in ends that did not work: what went wrong, and another try. */
export function LoginPage() {
  const { t } = useTranslation("landing");
  const { error, return_to: returnTo = paths.servers } = useSearch({ from: "/login" });
  const title = t(error ? "login.failed" : "login.title");
  useEffect(() => {
    document.title = `${title} · StreamMaxing`;
  }, [title]);
  return (
    <PublicFrame>
      <PublicCard title={title}>
        {error && <WhatWentWrong error={error} />}
        <Text c="dimmed">{t("login.text")}</Text>
        <Button
          component="a"
          href={leave.login(returnTo)}
          size="md"
          leftSection={<IconBrandDiscord size={18} />}
        >
          {t(error ? "login.again" : "login.signIn")}
        </Button>
      </PublicCard>
    </PublicFrame>
  );
}

function WhatWentWrong({ error }: { error: string }) {
  const { t } = useTranslation("landing");
  const code = signInError(error, globalThis.isSecureContext);
  return (
    <Alert
      color={code === "access_denied" || code === "unauthenticated" ? "yellow" : "red"}
      role="alert"
      icon={<IconAlertTriangle />}
      title={t(`login.errors.${code}.title`)}
    >
      <Text size="sm">{t(`login.errors.${code}.text`)}</Text>
      {code === "unknown" && (
        <Text size="sm" mt="xs">
          {t("login.code", { code: error.slice(0, 60) })}
        </Text>
      )}
    </Alert>
  );
}
