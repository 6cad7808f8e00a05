import { Anchor, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconHelpCircle,
  IconStethoscope,
} from "@tabler/icons-react";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";
import { useReasons } from "~/delivery/reasons";
import { useResend } from "~/delivery/useResend";
import { useChannelName } from "~/guild/ChannelSelect";
import { paths } from "~/paths";
import { Card } from "~/ui/Card";
import { ProblemAlert } from "~/ui/ProblemCard";
import { Status } from "~/ui/Status";
import { Time } from "~/ui/Time";
import { toast, useFailureToast } from "~/ui/toast";
import type texts from "./locale/en.json";
import classes from "./StreamerPage.module.css";

type Finding = Schema["FindingView"];
type Why = Schema["WhyView"];
type OwnCode = keyof (typeof texts)["diagnosis"]["codes"];

interface Props {
  guildId: string;
  streamer: { id: string; name: string };
}

/** Looks at everything between Twitch and the channels, and answers why nothing was posted at some time. */
export default function DiagnosisCard(props: Props) {
  const { t } = useTranslation("streamers");
  return (
    <Card title={t("diagnosis.title")}>
      <Stack gap="lg">
        <Check {...props} />
        <WhyThen {...props} />
      </Stack>
    </Card>
  );
}

function Check({ guildId, streamer }: Props) {
  const { t } = useTranslation("streamers");
  const client = useQueryClient();
  const check = useMutation({
    mutationFn: () =>
      ask(
        api.POST("/api/guilds/{guild_id}/streamers/{streamer_id}/diagnosis", {
          params: { path: { guild_id: guildId, streamer_id: streamer.id } },
        }),
      ),
    // It has marked channels, or healed them.
    onSuccess: () =>
      void client.invalidateQueries({ queryKey: queries.overview(guildId).queryKey }),
  });
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t("diagnosis.about")}
      </Text>
      <div>
        <Button
          variant="default"
          leftSection={<IconStethoscope size={16} />}
          loading={check.isPending}
          onClick={() => check.mutate()}
        >
          {t("diagnosis.check")}
        </Button>
      </div>
      {check.error instanceof Problem && <ProblemAlert problem={check.error} />}
      {check.data && (
        <ul className={classes.findings} aria-label={t("diagnosis.result")}>
          {check.data.map((finding) => (
            <li key={`${finding.code} ${finding.channel_id ?? ""}`}>
              <FindingView
                guildId={guildId}
                streamer={streamer}
                finding={finding}
                onFixed={() => check.mutate()}
              />
            </li>
          ))}
        </ul>
      )}
    </Stack>
  );
}

const LOOKS = {
  good: { icon: IconCircleCheck, color: "green" },
  warning: { icon: IconAlertTriangle, color: "orange" },
  broken: { icon: IconCircleX, color: "red" },
  unknown: { icon: IconHelpCircle, color: "gray" },
} as const;

function FindingView({
  guildId,
  streamer,
  finding,
  onFixed,
}: Props & { finding: Finding; onFixed: () => void }) {
  const { t } = useTranslation("streamers");
  const explain = useReasons();
  const channelName = useChannelName(guildId);
  const state = finding.state as keyof typeof LOOKS;
  const { icon: Icon, color } = LOOKS[state];
  const channel = finding.channel_id ? channelName(finding.channel_id) : "";
  const own = t(`diagnosis.codes.${finding.code as OwnCode}`, { defaultValue: "" });
  const known = own
    ? null
    : explain(
        { reason: finding.code, reason_values: finding.values ?? null, detail: finding.message },
        { channel, streamer: streamer.name },
      );
  return (
    <Stack gap={4}>
      <Group gap="xs">
        <Status icon={<Icon size={14} />} color={color}>
          {t(`diagnosis.state.${state}`)}
        </Status>
        {channel && (
          <Text component="span" fw={600}>
            {channel}
          </Text>
        )}
      </Group>
      <Text size="sm">{own || known?.text}</Text>
      {known?.fix && (
        <Text size="sm" c="dimmed">
          {known.fix}
        </Text>
      )}
      <Remedy guildId={guildId} streamer={streamer} finding={finding} onFixed={onFixed} />
    </Stack>
  );
}

/** What we can do about it ourselves. */
function Remedy({
  guildId,
  streamer,
  finding,
  onFixed,
}: Props & { finding: Finding; onFixed: () => void }) {
  const { t } = useTranslation("streamers");
  const fail = useFailureToast();
  const resend = useResend(guildId);
  const subscribe = useMutation({
    mutationFn: () =>
      ask(
        api.POST("/api/guilds/{guild_id}/streamers/{streamer_id}/subscribe", {
          params: { path: { guild_id: guildId, streamer_id: streamer.id } },
        }),
      ),
    onSuccess: onFixed,
    onError: (error) => fail(error, { title: t("diagnosis.notFixed") }),
  });
  const { delivery_id: delivery } = finding;
  if (finding.fix === "subscribe") {
    return (
      <div>
        <Button size="xs" loading={subscribe.isPending} onClick={() => subscribe.mutate()}>
          {t("diagnosis.subscribe")}
        </Button>
      </div>
    );
  }
  if (finding.fix !== "resend" || !delivery) return null;
  return (
    <div>
      <Button
        size="xs"
        loading={resend.isPending}
        onClick={() =>
          resend.mutate(
            { id: delivery, ping: false },
            {
              onSuccess: () => {
                toast({ message: t("diagnosis.resent") });
                onFixed();
              },
              onError: (error) => fail(error, { title: t("diagnosis.notFixed") }),
            },
          )
        }
      >
        {t("diagnosis.resend")}
      </Button>
    </div>
  );
}

const two = (n: number) => String(n).padStart(2, "0");

/** The local time as the field takes it. */
function local(at: Date): string {
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

function WhyThen({ guildId, streamer }: Props) {
  const { t } = useTranslation("streamers");
  const [at, setAt] = useState(() => local(new Date()));
  const asked = useMutation({
    mutationFn: () =>
      ask(
        api.GET("/api/guilds/{guild_id}/streamers/{streamer_id}/why", {
          params: {
            path: { guild_id: guildId, streamer_id: streamer.id },
            query: { at: new Date(at).toISOString() },
          },
        }),
      ),
  });
  const valid = !Number.isNaN(new Date(at).getTime());
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (valid) asked.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Group align="flex-end" gap="sm">
          <TextInput
            type="datetime-local"
            label={t("diagnosis.when")}
            description={t("diagnosis.whenAbout")}
            value={at}
            onChange={(event) => setAt(event.currentTarget.value)}
            error={!valid && t("diagnosis.whenMissing")}
          />
          <Button type="submit" variant="default" loading={asked.isPending}>
            {t("diagnosis.ask")}
          </Button>
        </Group>
        {asked.error instanceof Problem && <ProblemAlert problem={asked.error} />}
        {asked.data && <Answer guildId={guildId} streamer={streamer} answer={asked.data} />}
      </Stack>
    </form>
  );
}

function Answer({ guildId, streamer, answer }: Props & { answer: Why }) {
  const { t } = useTranslation("streamers");
  const explain = useReasons();
  const channelName = useChannelName(guildId);
  const verdict = answer.verdict as keyof (typeof texts)["diagnosis"]["verdicts"];
  return (
    <Stack gap="xs" role="status">
      <Text>{t(`diagnosis.verdicts.${verdict}`, { defaultValue: answer.message })}</Text>
      {answer.streams.map((stream) => (
        <Stack key={stream.started_at} gap={2}>
          <Text size="sm">
            {t("diagnosis.stream")} <Time at={stream.started_at} />
            {!stream.told && <>. {t("diagnosis.found")}</>}
          </Text>
          <ul className={classes.findings}>
            {stream.deliveries.map((delivery) => {
              const channel = channelName(delivery.channel_id);
              const why = explain(
                { reason: delivery.reason },
                { channel, streamer: streamer.name },
              );
              const status = delivery.status as keyof (typeof texts)["diagnosis"]["statuses"];
              return (
                <li key={delivery.delivery_id}>
                  <Text size="sm">
                    {channel}: {t(`diagnosis.statuses.${status}`)}
                    {why && `, ${why.short}`}.{" "}
                    <Anchor
                      size="sm"
                      renderRoot={(props) => (
                        <Link
                          {...props}
                          to={paths.delivery}
                          params={{ guildId, deliveryId: delivery.delivery_id }}
                        />
                      )}
                    >
                      {t("diagnosis.details")}
                    </Anchor>
                  </Text>
                </li>
              );
            })}
          </ul>
        </Stack>
      ))}
    </Stack>
  );
}
