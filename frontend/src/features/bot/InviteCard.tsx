import { Button, List, Stack, Text } from "@mantine/core";
import { IconBrandTwitch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { leave } from "~/paths";
import { Card } from "~/ui/Card";

/** What the bot may do in a channel, and the way to let it in. */
export function InviteCard({ another }: { another: boolean }) {
  const { t } = useTranslation("bot");
  return (
    <Card title={t(another ? "invite.another" : "invite.title")}>
      <Stack gap="md" align="flex-start">
        <Text>{t(another ? "invite.anotherText" : "invite.text")}</Text>
        {!another && <MayDo />}
        <Button
          component="a"
          href={leave.letBotIn}
          variant={another ? "default" : "filled"}
          leftSection={<IconBrandTwitch size={18} />}
        >
          {t("invite.button")}
        </Button>
      </Stack>
    </Card>
  );
}

function MayDo() {
  const { t } = useTranslation("bot");
  return (
    <List size="sm" spacing={4}>
      <List.Item>{t("invite.reads")}</List.Item>
      <List.Item>{t("invite.speaks")}</List.Item>
      <List.Item>{t("invite.moderates")}</List.Item>
      <List.Item>{t("invite.leaves")}</List.Item>
    </List>
  );
}
