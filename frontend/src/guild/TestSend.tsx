import { Alert, Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconAlertTriangle, IconCheck, IconSend } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api, ask } from "~/api/client";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import { TextLink } from "~/ui/links";
import { ProblemAlert } from "~/ui/ProblemCard";
import { useChannelName } from "./ChannelSelect";

/** Everything made up. */
const SAMPLE = { ended: false, game: null, title: null, viewers: null };

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
  const client = useQueryClient();
  const templates = useQuery(queries.templates(guildId));
  const channelName = useChannelName(guildId);
  const test = useMutation({
    mutationFn: async (to: string | null) => {
      const template = templates.data?.templates.find(({ id }) => id === templateId);
      const sample = { ...SAMPLE, streamer_id: streamerId ?? null };
      const body = { channel_id: to, message: template?.message ?? null, sample };
      const params = { path: { guild_id: guildId } };
      return ask(api.POST("/api/guilds/{guild_id}/test-send", { params, body }));
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["guild", guildId, "deliveries"] });
      void client.invalidateQueries({ queryKey: queries.overview(guildId).queryKey });
    },
  });
  const channel = channelName(test.variables);
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <Button
          variant="default"
          leftSection={<IconSend size={16} />}
          loading={test.isPending}
          onClick={() => test.mutate(channelId)}
        >
          {t("testSend.button")}
        </Button>
        <Text size="sm" c="dimmed">
          {t("testSend.about")}
        </Text>
      </Group>
      <div aria-live="polite">
        {test.data && (
          <Alert
            color={test.data.posted ? "green" : "red"}
            icon={test.data.posted ? <IconCheck /> : <IconAlertTriangle />}
            title={t(test.data.posted ? "testSend.posted" : "testSend.refused", { channel })}
            withCloseButton
            closeButtonLabel={t("testSend.close")}
            onClose={test.reset}
          >
            {test.data.refusal && <Text size="sm">{test.data.refusal}</Text>}
            <Group gap="md">
              {test.data.message_url && (
                <Anchor
                  size="sm"
                  href={test.data.message_url}
                  target="_blank"
                  rel="noopener noreferrer"
                >
                  {t("testSend.open")}
                </Anchor>
              )}
              <TextLink
                size="sm"
                to={paths.delivery}
                params={{ guildId, deliveryId: test.data.delivery_id }}
              >
                {t("testSend.log")}
              </TextLink>
            </Group>
          </Alert>
        )}
        {test.error instanceof Problem && <ProblemAlert problem={test.error} />}
      </div>
    </Stack>
  );
}
