import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { IconArrowForwardUp, IconBell, IconBellOff, IconTestPipe } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { useReasons } from "~/delivery/reasons";
import { useChannelName } from "~/guild/ChannelSelect";
import { ProblemAlert } from "~/ui/ProblemCard";
import { Status } from "~/ui/Status";
import { Time } from "~/ui/Time";
import classes from "./DryRun.module.css";

type Body = Schema["ReplayBody"];
type Result = Schema["ReplayView"];
type Verdict = Schema["VerdictView"];

/** Streams that are shown at first. */
const FIRST = 10;

interface Props {
  guildId: string;
  streamer: { id: string; name: string };
  /** The settings as they are edited. */
  body: Body;
}

/** Replays settings that are not saved yet over the streamer's last 30 days. */
export function DryRunPanel({ guildId, streamer, body }: Props) {
  const { t } = useTranslation("rules");
  const run = useMutation({
    mutationFn: async (sent: Body) => {
      const path = { guild_id: guildId, streamer_id: streamer.id };
      const url = "/api/guilds/{guild_id}/streamers/{streamer_id}/dry-run";
      return { sent, result: await ask(api.POST(url, { params: { path }, body: sent })) };
    },
  });
  const stale = run.data && JSON.stringify(run.data.sent) !== JSON.stringify(body);
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <Button
          variant="default"
          loading={run.isPending}
          leftSection={<IconTestPipe size={16} />}
          onClick={() => run.mutate(body)}
        >
          {t("dryRun.button")}
        </Button>
        {stale && (
          <Text size="sm" c="var(--mantine-color-orange-text)">
            {t("dryRun.stale")}
          </Text>
        )}
      </Group>
      {run.error instanceof Problem && <Refused problem={run.error} />}
      <div role="status" aria-label={t("dryRun.result")}>
        {run.data && <Headline result={run.data.result} name={streamer.name} />}
      </div>
      {run.data && <Streams guildId={guildId} name={streamer.name} result={run.data.result} />}
    </Stack>
  );
}

/** Fields that are wrong are told by the server itself: they may stand in a part that is folded away. */
function Refused({ problem }: { problem: Problem }) {
  if (problem.fields.length === 0) return <ProblemAlert problem={problem} />;
  return (
    <Stack gap={4} role="alert">
      {problem.fields.map(({ field, message }) => (
        <Text key={field} size="sm" c="var(--mantine-color-error)">
          {message}
        </Text>
      ))}
    </Stack>
  );
}

function Headline({ result, name }: { result: Result; name: string }) {
  const { t } = useTranslation("rules");
  const { days, saved_pings: saved, edited_pings: edited, streams, cut } = result;
  if (streams.length === 0) return <Text fw={600}>{t("dryRun.noStreams", { days, name })}</Text>;
  const was = t("dryRun.was", { count: saved, days });
  const now = saved === edited ? t("dryRun.same") : t("dryRun.now", { count: edited });
  return (
    <>
      <Text fw={600}>
        {was} {now}
      </Text>
      {cut && (
        <Text size="sm" c="dimmed">
          {t("dryRun.cut", { count: streams.length })}
        </Text>
      )}
    </>
  );
}

function Streams({ guildId, name, result }: { guildId: string; name: string; result: Result }) {
  const { t } = useTranslation("rules");
  const [all, setAll] = useState(false);
  const shown = all ? result.streams : result.streams.slice(0, FIRST);
  if (shown.length === 0) return null;
  return (
    <>
      <ul className={classes.streams} aria-label={t("dryRun.streams")}>
        {shown.map((stream) => (
          <li key={stream.started_at} className={classes.stream}>
            <Text size="sm" c="dimmed" component="div">
              <Time at={stream.started_at} />
              {stream.game && ` · ${stream.game}`}
              {stream.viewers != null && ` · ${t("dryRun.viewers", { count: stream.viewers })}`}
            </Text>
            <Text size="sm" dir="auto" className={classes.title}>
              {stream.title || t("dryRun.noTitle")}
            </Text>
            {stream.verdicts.map((verdict, channel) => (
              <VerdictLine
                // oxlint-disable-next-line react/no-array-index-key -- channels do not move within a result
                key={channel}
                guildId={guildId}
                name={name}
                verdict={verdict}
                withChannel={stream.verdicts.length > 1}
              />
            ))}
          </li>
        ))}
      </ul>
      {shown.length < result.streams.length && (
        <Button variant="subtle" size="xs" onClick={() => setAll(true)}>
          {t("dryRun.all", { count: result.streams.length })}
        </Button>
      )}
    </>
  );
}

const ICONS = { ping: IconBell, merged: IconArrowForwardUp, skipped: IconBellOff } as const;
const COLORS = { ping: "green", merged: "blue", skipped: "gray" } as const;

function VerdictLine(props: {
  guildId: string;
  name: string;
  verdict: Verdict;
  withChannel: boolean;
}) {
  const { guildId, name, verdict, withChannel } = props;
  const { t } = useTranslation("rules");
  const channel = useChannelName(guildId)(verdict.channel_id);
  const explained = useReasons()(verdict, { channel, streamer: name });
  const outcome = verdict.outcome as keyof typeof ICONS;
  const Icon = ICONS[outcome];
  return (
    <div className={classes.verdict}>
      <Status icon={<Icon size={14} />} color={COLORS[outcome]}>
        {t(`dryRun.outcomes.${outcome}`)}
        {withChannel && ` · ${channel}`}
      </Status>
      {(explained?.text ?? verdict.text) && (
        <Text size="sm" dir="auto" lineClamp={3} className={classes.title}>
          {explained?.text ?? verdict.text}
        </Text>
      )}
    </div>
  );
}
