import { Button, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFileExport, IconFileImport } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { leave } from "~/paths";
import { Section } from "~/ui/Section";

const ImportDialog = lazy(() => import("./ImportDialog"));

/** Commands out of a file, and into one. */
export function TransferSection({ channelId }: { channelId: string }) {
  const { t } = useTranslation("bot");
  const [importing, dialog] = useDisclosure();
  return (
    <Section title={t("transfer.title")} text={t("transfer.text")}>
      <Group gap="sm">
        <Button variant="default" leftSection={<IconFileImport size={16} />} onClick={dialog.open}>
          {t("import.button")}
        </Button>
        <Button
          component="a"
          href={leave.exportCommands(channelId)}
          download
          variant="default"
          leftSection={<IconFileExport size={16} />}
        >
          {t("transfer.export")}
        </Button>
      </Group>
      <Suspense>
        <ImportDialog channelId={channelId} opened={importing} onClose={dialog.close} />
      </Suspense>
    </Section>
  );
}
