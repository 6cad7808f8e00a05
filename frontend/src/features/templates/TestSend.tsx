import { Alert, Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconAlertTriangle, IconCheck, IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { ChannelSelect } from "~/guild/ChannelSelect";
import { paths } from "~/paths";
import type { MessageTemplate } from "~/template-language";
import { ProblemAlert } from "~/ui/ProblemCard";
import { wire } from "./saving";

/** Posts a message as it stands in the form; a test pings nobody. */
export function useTestSend(guildId: string, message: MessageTemplate) {
  const [channel, setChannel] = useState<string | null>(null);
  const post = useMutation({
    mutationFn: (): Promise<Schema["TestView"]> =>
      ask(
        api.POST("/api/guilds/{guild_id}/test-send", {
          params: { path: { guild_id: guildId } },
          body: { channel_id: channel, message: wire(message), sample: { ended: false } },
        }),
      ),
  });
  return { channel, setChannel, post, send: () => post.mutate() };
}

/** Where to post a test, and what came of it. */
export function TestSend({
  guildId,
  test,
}: {
  guildId: string;
  test: ReturnType<typeof useTestSend>;
}) {
  const { t } = useTranslation("templates");
  const { channel, setChannel, post, send } = test;
  return (
    <Stack gap="xs">
      <Group align="flex-end" gap="sm" wrap="nowrap">
        <div style={{ flex: 1, minWidth: 0 }}>
          <ChannelSelect
            guildId={guildId}
            value={channel}
            onChange={setChannel}
            label={t("test.channel")}
            placeholder={t("test.defaultChannel")}
            clearable
          />
        </div>
        <Button
          variant="default"
          leftSection={<IconSend size={16} />}
          loading={post.isPending}
          onClick={send}
        >
          {t("test.send")}
        </Button>
      </Group>
      <Text size="xs" c="dimmed">
        {t("test.about")}
      </Text>
      <div role="status">
        {post.data && <Outcome guildId={guildId} outcome={post.data} />}
        {post.error instanceof Problem && <ProblemAlert problem={post.error} />}
      </div>
    </Stack>
  );
}

function Outcome({ guildId, outcome }: { guildId: string; outcome: Schema["TestView"] }) {
  const { t } = useTranslation("templates");
  const params = { guildId, deliveryId: outcome.delivery_id };
  const why = (
    <Anchor
      size="sm"
      renderRoot={(props) => <Link to={paths.delivery} params={params} {...props} />}
    >
      {t("test.details")}
    </Anchor>
  );
  if (!outcome.posted) {
    return (
      <Alert color="red" icon={<IconAlertTriangle />} title={t("test.refused")}>
        <Text size="sm">{outcome.refusal}</Text>
        {why}
      </Alert>
    );
  }
  return (
    <Alert color="green" icon={<IconCheck />} title={t("test.posted")}>
      <Group gap="md">
        {outcome.message_url && (
          <Anchor size="sm" href={outcome.message_url} target="_blank" rel="noopener noreferrer">
            {t("test.open")}
          </Anchor>
        )}
        {why}
      </Group>
    </Alert>
  );
}
