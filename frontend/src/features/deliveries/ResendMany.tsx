import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleDashed, IconLoader, IconSend } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "~/api/problem";
import { useEventName } from "~/delivery/events";
import { isLate, type Delivery } from "~/delivery/outcome";
import { useRenewDeliveries, useResend } from "~/delivery/useResend";
import { useChannelName } from "~/guild/ChannelSelect";
import { Dialog } from "~/ui/Dialog";
import { describe } from "~/ui/ProblemCard";
import { useNow } from "~/ui/Time";
import classes from "./Deliveries.module.css";

interface Props {
  guildId: string;
  /** What is selected. */
  deliveries: Delivery[];
  /** Selects nothing any more. */
  onClear: () => void;
}

/** What can be done with the selected rows: they are sent again, after a dialog. */
export function ResendMany({ guildId, deliveries, onClear }: Props) {
  const { t } = useTranslation("deliveries");
  // What it was opened for; rows leave the selection while they are sent.
  const [asked, setAsked] = useState<Delivery[] | null>(null);
  const close = (sent: boolean) => {
    setAsked(null);
    if (sent) onClear();
  };
  return (
    <>
      {deliveries.length > 0 && (
        <Paper
          component="section"
          aria-label={t("many.label")}
          className={classes.many}
          px="md"
          py="sm"
        >
          <Text fw={600} role="status">
            {t("many.chosen", { count: deliveries.length })}
          </Text>
          <Group gap="sm">
            <Button variant="default" onClick={onClear}>
              {t("many.clear")}
            </Button>
            <Button leftSection={<IconSend size={16} />} onClick={() => setAsked(deliveries)}>
              {t("many.action")}
            </Button>
          </Group>
        </Paper>
      )}
      {asked && <ResendDialog guildId={guildId} deliveries={asked} onClose={close} />}
    </>
  );
}

function ResendDialog({
  guildId,
  deliveries,
  onClose,
}: {
  guildId: string;
  deliveries: Delivery[];
  onClose: (sent: boolean) => void;
}) {
  const { t } = useTranslation("deliveries");
  const common = useTranslation();
  const now = useNow();
  const { results, running, start } = useOneByOne(guildId, deliveries);
  const count = deliveries.length;
  const late = deliveries.filter((delivery) => isLate(delivery, now)).length;
  const started = running || results.size > 0;
  const sent = [...results.values()].filter((result) => !(result instanceof Problem)).length;
  return (
    <Dialog opened onClose={() => onClose(started)} title={t("many.title", { count })} centered>
      <Stack gap="md">
        <div>
          <Text>{t("many.text")}</Text>
          {late > 0 && <Text mt={4}>{t("many.late", { count: late })}</Text>}
        </div>
        <ul className={classes.results}>
          {deliveries.map((delivery, index) => (
            <Line
              key={delivery.id}
              guildId={guildId}
              delivery={delivery}
              result={
                results.get(delivery.id) ?? (running && index === results.size ? "sending" : null)
              }
            />
          ))}
        </ul>
        <Text size="sm" c="dimmed" role="status">
          {started && t("many.done", { done: sent, count })}
        </Text>
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={() => onClose(started)} data-autofocus>
            {common.t(started && !running ? "close" : "cancel")}
          </Button>
          {(running || !started) && (
            <Button loading={running} onClick={start}>
              {t("many.action")}
            </Button>
          )}
        </Group>
      </Stack>
    </Dialog>
  );
}

/** What came of one: whether it will ping, or why it is not sent. */
type Result = { ping: boolean } | Problem;

function Line({
  guildId,
  delivery,
  result,
}: {
  guildId: string;
  delivery: Delivery;
  result: Result | "sending" | null;
}) {
  const { t } = useTranslation("deliveries");
  const common = useTranslation();
  const name = useEventName()(delivery);
  const channel = useChannelName(guildId)(delivery.channel_id);
  const words = () => {
    if (result === null) return null;
    if (result === "sending") return t("many.sending");
    if (result instanceof Problem) return describe(common.t, result).title;
    return t(result.ping ? "many.planned" : "many.plannedSilent");
  };
  const failed = result instanceof Problem;
  const Icon = failed
    ? IconAlertTriangle
    : result === null
      ? IconCircleDashed
      : result === "sending"
        ? IconLoader
        : IconSend;
  return (
    <li className={classes.result} data-failed={failed || undefined}>
      <Icon size={16} aria-hidden />
      <div>
        <Text size="sm">
          {name} · {channel}
        </Text>
        <Text size="sm" className={classes.came}>
          {words()}
        </Text>
      </div>
    </li>
  );
}

/** Sends one after the other; waits where the server takes no more, and stops when nobody looks. */
function useOneByOne(guildId: string, deliveries: Delivery[]) {
  const { mutateAsync: resend } = useResend(guildId);
  const renew = useRenewDeliveries(guildId);
  const [results, setResults] = useState<ReadonlyMap<string, Result>>(new Map());
  const [running, setRunning] = useState(false);
  const closed = useRef(new AbortController());
  useEffect(() => {
    const controller = new AbortController();
    closed.current = controller;
    return () => controller.abort();
  }, []);

  const one = async (id: string): Promise<Result> => {
    try {
      return await resend({ id, ping: null });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.retryAfter === null) return error;
      await pause(error.retryAfter * 1000, closed.current.signal);
      return closed.current.signal.aborted ? error : one(id);
    }
  };
  const start = async () => {
    setRunning(true);
    const { signal } = closed.current;
    for (const { id } of deliveries) {
      if (signal.aborted) break;
      const result = await one(id);
      setResults((now) => new Map(now).set(id, result));
      // Signed out: none of the others would fare better.
      if (result instanceof Problem && result.status === 401) break;
    }
    setRunning(false);
    renew();
  };
  return { results, running, start: () => void start() };
}

/** Waits, or until it is called off. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}
