import { Button, Group, Text, ThemeIcon, VisuallyHidden } from "@mantine/core";
import { IconCheck, IconClock, IconHelp, IconRefresh, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { FixLink } from "~/delivery/FixLink";
import { useReasons } from "~/delivery/reasons";
import { useMentionWarnings } from "~/guild/MentionField";
import { usePermissions } from "~/guild/permissions";
import { leave, paths } from "~/paths";
import { LinkButton, TextLink } from "~/ui/links";
import { Card } from "~/ui/Card";
import { CopyButton } from "~/ui/CopyButton";
import { Time } from "~/ui/Time";
import { healthLines, stateOf, type HealthLine } from "./checks";
import classes from "./Overview.module.css";

type Check = Schema["Check"];
type ChannelName = (id: string | null | undefined) => string | undefined;

interface Props {
  guildId: string;
  checks: Check[];
  channelName: ChannelName;
  checkedAt: number;
  checking: boolean;
  onCheck: () => void;
}

/** Whether announcements can arrive, and what to do where they cannot. */
export function Health({ guildId, checks, channelName, checkedAt, checking, onCheck }: Props) {
  const { t } = useTranslation("overview");
  const lines = healthLines(checks);
  const main = checks.find(({ what }) => what === "channel");
  const problems = lines.filter((line) => stateOf(line) === "problem").length;
  const title = problems > 0 ? t("health.problems", { count: problems }) : t("health.title");
  return (
    <Card
      title={title}
      actions={
        <Group gap="sm">
          <Text size="sm" c="dimmed">
            {t("health.checked")} <Time at={new Date(checkedAt).toISOString()} />
          </Text>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconRefresh size={14} />}
            loading={checking}
            onClick={onCheck}
          >
            {t("health.again")}
          </Button>
        </Group>
      }
    >
      <ul className={classes.health}>
        {lines.map((line) => (
          <Line key={keyOf(line)} state={stateOf(line)}>
            {line.kind === "broken" ? (
              <Broken guildId={guildId} line={line} main={main} channelName={channelName} />
            ) : (
              <CheckText guildId={guildId} check={line.check} channelName={channelName} />
            )}
          </Line>
        ))}
      </ul>
    </Card>
  );
}

function keyOf(line: HealthLine): string {
  if (line.kind === "broken") return `${line.channelId} ${line.reason}`;
  return `${line.check.what} ${line.check.channel_id ?? ""} ${line.check.text}`;
}

const MARKS = {
  ok: { icon: IconCheck, color: "green" },
  problem: { icon: IconX, color: "red" },
  todo: { icon: IconClock, color: "violet" },
  unknown: { icon: IconHelp, color: "yellow" },
} as const;

function Line({ state, children }: { state: string; children: ReactNode }) {
  const { t } = useTranslation("overview");
  const known = state in MARKS ? (state as keyof typeof MARKS) : "unknown";
  const { icon: Icon, color } = MARKS[known];
  return (
    <li className={classes.line} data-state={known}>
      <ThemeIcon variant="light" color={color} radius="xl" size="sm" aria-hidden>
        <Icon size={14} />
      </ThemeIcon>
      <div className={classes.words}>
        <VisuallyHidden>{t(`health.states.${known}`)}: </VisuallyHidden>
        {children}
      </div>
    </li>
  );
}

function CheckText({
  guildId,
  check,
  channelName,
}: {
  guildId: string;
  check: Check;
  channelName: ChannelName;
}) {
  const { t } = useTranslation("overview");
  const channel = channelName(check.channel_id);
  switch (`${check.what} ${check.state}`) {
    case "bot ok":
      return <Text>{t("health.botOk")}</Text>;
    case "bot unknown":
      return <Problem title={t("health.botUnknown")} text={t("health.botUnknownText")} />;
    case "bot problem":
      return (
        <Problem title={t("health.botGone")} text={t("health.botGoneText")}>
          <Button size="xs" component="a" href={leave.install(guildId)}>
            {t("setup.bot.action")}
          </Button>
        </Problem>
      );
    case "channel ok":
      return <Text>{t("health.channelOk", { channel })}</Text>;
    case "channel unknown":
      return <Text>{t("health.channelUnknown")}</Text>;
    case "ping problem":
      return <PingProblem guildId={guildId} check={check} channel={channel} />;
    case "channel problem":
      return <ChannelProblem guildId={guildId} check={check} channel={channel} />;
    case "timezone problem":
      return <ZoneProblem guildId={guildId} check={check} />;
    case "streamers ok":
      return <StreamersOk guildId={guildId} check={check} />;
    default:
      if (check.what === "subscriptions") return <Subscriptions guildId={guildId} check={check} />;
      return <Text>{check.text}</Text>;
  }
}

/** A check with its channel's name, where it is about one. */
interface AboutChannel {
  guildId: string;
  check: Check;
  channel: string | undefined;
}

function ChannelProblem({ guildId, check, channel }: AboutChannel) {
  const { t } = useTranslation("overview");
  const permissions = usePermissions();
  const reasons = useReasons();
  const choose = (
    <LinkButton size="xs" variant="default" to={paths.notifications} params={{ guildId }}>
      {t("health.chooseOther")}
    </LinkButton>
  );
  if (check.reason === "timed_out") {
    const said = reasons(
      { reason: check.reason, reason_values: { until: check.until } },
      {
        channel: channel ?? t("theChannel"),
      },
    );
    return (
      <Problem
        title={t("health.channelTimedOut", { channel: channel ?? t("theChannel") })}
        text={[said?.text, said?.fix].filter(Boolean).join(" ")}
      />
    );
  }
  if (check.missing.length === 0) {
    return (
      <Problem title={t("health.channelGone")} text={t("health.channelGoneText")}>
        {choose}
      </Problem>
    );
  }
  const onlyEmbeds = check.missing.every((name) => name === "EMBED_LINKS");
  const name = channel ?? t("theChannel");
  const steps = permissions.steps(check.missing, name, check.missing_at);
  const values = { channel: name, permissions: permissions.names(check.missing) };
  return (
    <Problem
      title={t(onlyEmbeds ? "health.channelNoEmbeds" : "health.channelMissing", values)}
      text={steps}
    >
      <CopyButton text={steps} label={t("health.copySteps")} />
      {choose}
    </Problem>
  );
}

/** The server's mention would ping nobody. */
function PingProblem({ guildId, check, channel }: AboutChannel) {
  const { t } = useTranslation("overview");
  const permissions = usePermissions();
  const warnings = useMentionWarnings();
  const words = warnings([{ code: check.reason ?? "", message: check.text }]);
  const unused = check.reason === "mention_unused";
  const steps =
    check.missing.length > 0 ? permissions.steps(check.missing, channel ?? t("theChannel")) : null;
  return (
    <Problem title={t("health.ping")} text={[...words, steps].filter(Boolean).join(" ")}>
      {steps && <CopyButton text={steps} label={t("health.copySteps")} />}
      <LinkButton
        size="xs"
        variant="default"
        to={unused ? paths.templates : paths.notifications}
        params={{ guildId }}
      >
        {t(unused ? "health.toTemplates" : "health.toNotifications")}
      </LinkButton>
    </Problem>
  );
}

function ZoneProblem({ guildId, check }: { guildId: string; check: Check }) {
  const { t, i18n } = useTranslation("overview");
  const zones = new Intl.ListFormat(i18n.language, { type: "disjunction" }).format(check.zones);
  return (
    <Problem
      title={t("health.timezone", { zone: check.timezone ?? "–" })}
      text={zones === "" ? t("health.timezoneText") : t("health.timezoneOffset", { zones })}
    >
      <LinkButton size="xs" variant="default" to={paths.notifications} params={{ guildId }}>
        {t("health.chooseZone")}
      </LinkButton>
    </Problem>
  );
}

function StreamersOk({ guildId, check }: { guildId: string; check: Check }) {
  const { t } = useTranslation("overview");
  return (
    <Text>
      {check.count == null ? check.text : t("health.streamers", { count: check.count })}{" "}
      <TextLink to={paths.streamers} params={{ guildId }}>
        {t("health.view")}
      </TextLink>
    </Text>
  );
}

function Subscriptions({ guildId, check }: { guildId: string; check: Check }) {
  const { t } = useTranslation("overview");
  const { count: enabled, of: total, failed } = check;
  if (enabled == null || total == null) return <Text>{check.text}</Text>;
  const counts = t("health.subscriptions", { enabled, total });
  if (check.state === "ok") return <Text>{counts}</Text>;
  const text =
    check.state === "problem"
      ? t("health.subscriptionsFailed", { count: failed ?? 0 })
      : t("health.subscriptionsPending");
  return (
    <Problem title={counts} text={text}>
      {check.state === "problem" && (
        <LinkButton size="xs" variant="default" to={paths.streamers} params={{ guildId }}>
          {t("health.toStreamers")}
        </LinkButton>
      )}
    </Problem>
  );
}

/** More names than this only make the line long. */
const NAMED = 5;

function Broken({
  guildId,
  line,
  main,
  channelName,
}: {
  guildId: string;
  line: Extract<HealthLine, { kind: "broken" }>;
  /** The check of the default channel, which counts where a streamer has none of their own. */
  main: Check | undefined;
  channelName: ChannelName;
}) {
  const { t, i18n } = useTranslation("overview");
  const reasons = useReasons();
  const channelId = line.channelId ?? main?.channel_id;
  const channel = channelName(channelId) ?? t("theChannel");
  const above = main?.state === "problem" && main.channel_id === channelId;
  const explained = reasons({ reason: line.reason }, { channel, streamer: t("theseStreamers") });
  const words = [explained?.text, explained?.fix].filter(Boolean).join(" ");
  const named = line.streamers.slice(0, NAMED).map(({ login }) => login);
  const rest = line.streamers.length - named.length;
  if (rest > 0) named.push(t("health.more", { count: rest }));
  const only = line.streamers.length === 1 ? line.streamers[0]?.id : null;
  const list = new Intl.ListFormat(i18n.language).format(named);
  return (
    <Problem
      title={t("health.broken", { count: line.streamers.length, names: list })}
      text={above ? t("health.sameCause", { channel }) : words}
    >
      {explained && !above && <FixLink guildId={guildId} streamerId={only} explained={explained} />}
      <LinkButton
        size="xs"
        variant="default"
        to={paths.deliveries}
        params={{ guildId }}
        search={{ status: "failed" }}
      >
        {t("health.failedDeliveries")}
      </LinkButton>
    </Problem>
  );
}

function Problem({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <>
      <Text fw={600}>{title}</Text>
      <Text size="sm" c="dimmed">
        {text}
      </Text>
      {children && (
        <Group gap="sm" mt="xs">
          {children}
        </Group>
      )}
    </>
  );
}
