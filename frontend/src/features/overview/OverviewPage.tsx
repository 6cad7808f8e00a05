import { Alert, Button, Group, Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { IconCircleCheck, IconFlask, IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { useRenewal } from "~/shell/useServerLive";
import { queries } from "~/api/queries";
import { TestResult } from "~/delivery/TestResult";
import { useTestSend } from "~/delivery/useTestSend";
import { paths } from "~/paths";
import { LinkButton } from "~/ui/links";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { channelNames, stepsDone } from "./checks";
import { Figures } from "./Figures";
import { Health } from "./Health";
import { LastDeliveries } from "./LastDeliveries";
import { Setup } from "./Setup";

/** How often the page looks again, while somebody looks at it. */
const RENEW_MS = 30_000;

/** How a server is doing: what is left to set up, its health, its figures, its last deliveries. */
export function OverviewPage() {
  const { t } = useTranslation("overview");
  const { guildId } = useParams({ from: "/app/s/$guildId" });
  const guilds = useQuery(queries.guilds);
  const refetchInterval = useRenewal(guildId, RENEW_MS);
  const overview = useQuery({ ...queries.overview(guildId), refetchInterval });
  const test = useTestSend(guildId);
  const name =
    overview.data?.name ?? guilds.data?.ready.find((guild) => guild.id === guildId)?.name;
  return (
    <Page
      title={name ?? t("title")}
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconFlask size={16} />}
            loading={test.isPending}
            onClick={() => test.mutate({})}
          >
            {t("sendTest")}
          </Button>
          <LinkButton
            leftSection={<IconPlus size={16} />}
            to={paths.streamers}
            params={{ guildId }}
          >
            {t("addStreamer")}
          </LinkButton>
        </>
      }
    >
      <Arrival />
      <Loaded query={overview} skeleton={<Waiting />}>
        {(data) => (
          <Content
            guildId={guildId}
            overview={data}
            checkedAt={overview.dataUpdatedAt}
            checking={overview.isFetching}
            onCheck={() => void overview.refetch()}
            test={test}
          />
        )}
      </Loaded>
    </Page>
  );
}

function Content({
  guildId,
  overview,
  test,
  ...check
}: {
  guildId: string;
  overview: Schema["Overview"];
  test: ReturnType<typeof useTestSend>;
  checkedAt: number;
  checking: boolean;
  onCheck: () => void;
}) {
  const { t } = useTranslation("overview");
  // Names of channels that another page has read already cost nothing.
  const places = useQuery({ ...queries.places(guildId), enabled: false });
  const names = channelNames(overview.checks);
  for (const channel of places.data?.channels ?? []) names.set(channel.id, `#${channel.name}`);
  const channelName = (id: string | null | undefined) => (id && names.get(id)) || undefined;
  const main = overview.checks.find(({ what }) => what === "channel")?.channel_id;
  const done = stepsDone(overview.checks);
  const complete = Object.values(done).every(Boolean);
  return (
    <Stack gap="lg">
      <TestResult guildId={guildId} test={test} channel={channelName(main) ?? t("theChannel")} />
      {!complete && (
        <Setup
          guildId={guildId}
          done={done}
          testing={test.isPending}
          onTest={() => test.mutate({})}
        />
      )}
      <Health guildId={guildId} checks={overview.checks} channelName={channelName} {...check} />
      <Figures guildId={guildId} overview={overview} />
      <LastDeliveries
        guildId={guildId}
        deliveries={overview.deliveries}
        channelName={channelName}
      />
    </Stack>
  );
}

/** Greets somebody who comes back from Discord with the bot added. */
function Arrival() {
  const { t } = useTranslation("overview");
  const common = useTranslation();
  const { installed } = useSearch({ from: "/app/s/$guildId/" });
  const navigate = useNavigate({ from: "/s/$guildId/" });
  if (!installed) return null;
  return (
    <Alert
      color="green"
      role="status"
      icon={<IconCircleCheck />}
      title={t("installedTitle")}
      withCloseButton
      closeButtonLabel={common.t("close")}
      // What was said once is not said again after a reload: it leaves the address when it is closed.
      onClose={() => void navigate({ search: {}, replace: true })}
    >
      {t("installedText")}
    </Alert>
  );
}

function Waiting() {
  return (
    <Stack gap="lg">
      <Skeleton height={190} radius="md" />
      <Group grow align="stretch">
        <Skeleton height={120} radius="md" />
        <Skeleton height={120} radius="md" />
      </Group>
      <Skeleton height={420} radius="md" />
    </Stack>
  );
}
