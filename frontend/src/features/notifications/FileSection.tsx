import { Button, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFileExport, IconFileImport } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { leave } from "~/paths";
import { Section } from "~/ui/Section";

const FileDialog = lazy(() => import("./FileDialog"));

/** The server's whole configuration as a file: out, and in again. */
export function FileSection({ guildId }: { guildId: string }) {
  const { t } = useTranslation("notifications");
  const [opened, dialog] = useDisclosure();
  return (
    <Section title={t("file.title")} text={t("file.text")}>
      <Group gap="sm">
        <Button
          component="a"
          href={leave.exportServer(guildId)}
          download
          variant="default"
          leftSection={<IconFileExport size={16} />}
        >
          {t("file.export")}
        </Button>
        <Button variant="default" leftSection={<IconFileImport size={16} />} onClick={dialog.open}>
          {t("file.import")}
        </Button>
      </Group>
      <Suspense>
        {opened && <FileDialog guildId={guildId} opened={opened} onClose={dialog.close} />}
      </Suspense>
    </Section>
  );
}
