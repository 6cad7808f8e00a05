import { Button, Skeleton, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconFileImport, IconMessageChatbot, IconPlus } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { paths } from "~/paths";
import { useKeys } from "~/shell/useKeys";
import { EmptyState } from "~/ui/EmptyState";
import { LinkButton } from "~/ui/links";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { Builtins } from "./Builtins";
import { CommandTable } from "./CommandTable";
import { DryRun } from "./DryRun";
import { botQueries } from "./queries";
import { useChannelId } from "./useBotChannel";

const ImportDialog = lazy(() => import("./ImportDialog"));

/** How often counters and commands from chat are looked for. */
const RENEW_MS = 30_000;

/** The channel's own commands, what a line would do, and the commands that the bot comes with. */
export function CommandsPage() {
  const { t } = useTranslation("bot");
  const channelId = useChannelId();
  const commands = useQuery({ ...botQueries.commands(channelId), refetchInterval: RENEW_MS });
  const navigate = useNavigate();
  const [importing, dialog] = useDisclosure();
  const adding = { to: paths.botCommand, params: { channelId, commandId: "new" } } as const;
  useKeys({ n: () => void navigate(adding) });
  return (
    <Page
      title={t("commands.title")}
      text={t("commands.text")}
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconFileImport size={16} />}
            onClick={dialog.open}
          >
            {t("import.button")}
          </Button>
          <LinkButton {...adding} leftSection={<IconPlus size={16} />}>
            {t("commands.add")}
          </LinkButton>
        </>
      }
    >
      <Loaded query={commands} skeleton={<Waiting />}>
        {(list) =>
          list.total === 0 ? (
            <EmptyState
              icon={<IconMessageChatbot size={40} />}
              title={t("commands.empty.title")}
              text={t("commands.empty.text")}
            />
          ) : (
            <CommandTable channelId={channelId} list={list} />
          )
        }
      </Loaded>
      <DryRun channelId={channelId} />
      <Builtins channelId={channelId} />
      <Suspense>
        <ImportDialog channelId={channelId} opened={importing} onClose={dialog.close} />
      </Suspense>
    </Page>
  );
}

function Waiting() {
  return (
    <Stack gap="sm">
      <Skeleton height={36} width={320} radius="md" />
      {[1, 2, 3, 4].map((row) => (
        <Skeleton key={row} height={58} radius="md" />
      ))}
    </Stack>
  );
}
