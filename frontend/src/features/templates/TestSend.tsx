import { Button, Group, Stack, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { TestResult } from "~/delivery/TestResult";
import { useTestSend } from "~/delivery/useTestSend";
import { ChannelSelect, useChannelName } from "~/guild/ChannelSelect";
import type { MessageTemplate } from "~/template-language";
import { wire } from "./saving";

/** Posts the message as it stands in the form; a test pings nobody. */
export function useFormTest(guildId: string, message: MessageTemplate) {
  const [channel, setChannel] = useState<string | null>(null);
  const test = useTestSend(guildId);
  const send = () => test.mutate({ channel_id: channel, message: wire(message) });
  return { channel, setChannel, test, send };
}

/** A test of the form. */
export type FormTest = ReturnType<typeof useFormTest>;

/** Where to post a test, and what came of it. */
export function TestSend({
  guildId,
  form: { channel, setChannel, test, send },
}: {
  guildId: string;
  form: FormTest;
}) {
  const { t } = useTranslation("templates");
  const name = useChannelName(guildId);
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
          loading={test.isPending}
          onClick={send}
        >
          {t("test.send")}
        </Button>
      </Group>
      <Text size="xs" c="dimmed">
        {t("test.about")}
      </Text>
      <TestResult guildId={guildId} test={test} channel={name(test.variables?.channel_id)} />
    </Stack>
  );
}
