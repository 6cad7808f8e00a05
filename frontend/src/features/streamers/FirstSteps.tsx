import { Anchor, Button, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconClipboardList, IconLink, IconSearch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { leave } from "~/paths";
import { Card } from "~/ui/Card";
import type { AddTab } from "./AddDialog";

const WAYS = [
  { tab: "search", icon: IconSearch },
  { tab: "list", icon: IconClipboardList },
  { tab: "invite", icon: IconLink },
] as const;

/** A server that follows nobody yet: the ways to begin. */
export function FirstSteps({ guildId, onAdd }: { guildId: string; onAdd: (tab: AddTab) => void }) {
  const { t } = useTranslation("streamers");
  return (
    <Stack gap="lg" py="md">
      <div>
        <Title order={2} size="h3">
          {t("empty.title")}
        </Title>
        <Text c="dimmed">{t("empty.text")}</Text>
      </div>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        {WAYS.map(({ tab, icon: Icon }) => (
          <Card key={tab}>
            <Stack gap="xs" h="100%">
              <Group gap="xs">
                <Icon size={20} aria-hidden />
                <Text fw={600}>{t(`empty.${tab}.title`)}</Text>
              </Group>
              <Text size="sm" c="dimmed" flex={1}>
                {t(`empty.${tab}.text`)}
              </Text>
              <Button
                variant={tab === "search" ? "filled" : "default"}
                onClick={() => onAdd(tab)}
                mt="xs"
              >
                {t(`empty.${tab}.action`)}
              </Button>
            </Stack>
          </Card>
        ))}
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        {t("empty.own")}{" "}
        <Anchor href={leave.linkStreamer(guildId)} underline="always">
          {t("linkOwn")}
        </Anchor>
      </Text>
    </Stack>
  );
}
