import {
  Group,
  SegmentedControl,
  Select,
  Stack,
  Text,
  useComputedColorScheme,
} from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { SAMPLE_KINDS, type MessageTemplate, type SampleKind } from "~/template-language";
import { Card } from "~/ui/Card";
import { MessagePreview } from "./MessagePreview";
import { TestSend, type FormTest } from "./TestSend";

/** What Discord will show, with a sample stream of one's choice, and the real thing as a test. */
export function PreviewCard({
  guildId,
  message,
  kind,
  onKind,
  test,
}: {
  guildId: string;
  message: MessageTemplate;
  kind: SampleKind;
  onKind: (kind: SampleKind) => void;
  test: FormTest;
}) {
  const { t } = useTranslation("templates");
  const app = useComputedColorScheme("dark");
  const [scheme, setScheme] = useState<"dark" | "light">(app);
  return (
    <Card title={t("preview.title")}>
      <Stack gap="sm">
        <Group gap="sm" justify="space-between">
          <Select
            aria-label={t("preview.sample")}
            data={SAMPLE_KINDS.map((each) => ({
              value: each,
              label: t(`sample.${each}`),
            }))}
            value={kind}
            onChange={(each) => each && onKind(each)}
            allowDeselect={false}
            size="xs"
          />
          <SegmentedControl
            size="xs"
            aria-label={t("preview.scheme")}
            data={[
              { value: "dark", label: t("preview.dark") },
              { value: "light", label: t("preview.light") },
            ]}
            value={scheme}
            onChange={(each) => setScheme(each === "light" ? "light" : "dark")}
          />
        </Group>
        <MessagePreview message={message} kind={kind} scheme={scheme} />
        <Text size="xs" c="dimmed">
          {t("preview.about")}
        </Text>
        <TestSend guildId={guildId} form={test} />
      </Stack>
    </Card>
  );
}
