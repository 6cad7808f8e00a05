import { Button, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconSend } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { queries } from "~/api/queries";
import { useChannelName } from "~/guild/ChannelSelect";
import { TestResult } from "./TestResult";
import { useTestSend } from "./useTestSend";

/** Posts a test message to a channel, and says what came of it. */
export function TestSend({
  guildId,
  channelId,
  templateId,
  streamerId,
}: {
  guildId: string;
  /** null: the server's default channel. */
  channelId: string | null;
  /** null: our own template. */
  templateId: string | null;
  /** Whose name and avatar the message shows. */
  streamerId?: string;
}) {
  const { t } = useTranslation();
  const templates = useQuery(queries.templates(guildId));
  const channelName = useChannelName(guildId);
  const test = useTestSend(guildId);
  const send = () => {
    const template = templates.data?.templates.find(({ id }) => id === templateId);
    const sample = { streamer_id: streamerId ?? null };
    test.mutate({ channel_id: channelId, message: template?.message ?? null, sample });
  };
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <Button
          variant="default"
          leftSection={<IconSend size={16} />}
          loading={test.isPending}
          onClick={send}
        >
          {t("testSend.button")}
        </Button>
        <Text size="sm" c="dimmed">
          {t("testSend.about")}
        </Text>
      </Group>
      <TestResult guildId={guildId} test={test} channel={channelName(test.variables?.channel_id)} />
    </Stack>
  );
}
