import { Button, List, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api, ask } from "~/api/client";
import { Problem } from "~/api/problem";
import { InvisibleSwitch } from "~/presence/InvisibleSwitch";
import { Card } from "~/ui/Card";
import { Page } from "~/ui/Page";
import { ProblemAlert } from "~/ui/ProblemCard";
import { DeleteAccount } from "./DeleteAccount";
import { saveJson } from "./save-json";

/** What is kept of a person: to take along, and to delete. */
export function PrivacyPage() {
  const { t } = useTranslation("account");
  return (
    <Page title={t("privacy.title")} text={t("privacy.text")}>
      <Card title={t("privacy.kept.title")}>
        <List spacing={4}>
          <List.Item>{t("privacy.kept.profile")}</List.Item>
          <List.Item>{t("privacy.kept.access")}</List.Item>
          <List.Item>{t("privacy.kept.sessions")}</List.Item>
          <List.Item>{t("privacy.kept.choices")}</List.Item>
          <List.Item>{t("privacy.kept.live")}</List.Item>
          <List.Item>{t("privacy.kept.actions")}</List.Item>
        </List>
      </Card>
      <Card title={t("privacy.presence.title")}>
        <InvisibleSwitch />
      </Card>
      <Export />
      <DeleteAccount />
    </Page>
  );
}

function Export() {
  const { t } = useTranslation("account");
  const exported = useMutation({
    mutationFn: () => ask(api.GET("/api/users/me/export")),
    onSuccess: (data) => saveJson(data, "streammaxing-export.json"),
  });
  return (
    <Card title={t("privacy.export.title")}>
      <Text c="dimmed" mb="md">
        {t("privacy.export.text")}
      </Text>
      {exported.error instanceof Problem && (
        <ProblemAlert problem={exported.error} onRetry={() => exported.mutate()} />
      )}
      <Button
        variant="default"
        mt="xs"
        leftSection={<IconDownload size={16} />}
        loading={exported.isPending}
        onClick={() => exported.mutate()}
      >
        {t("privacy.export.button")}
      </Button>
      <Text role="status" size="sm" mt="xs">
        {exported.isSuccess && t("privacy.export.done")}
      </Text>
    </Card>
  );
}
