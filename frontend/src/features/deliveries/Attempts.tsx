import { Anchor, Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { useReasons } from "~/delivery/reasons";
import { clock, span } from "~/ui/time";
import classes from "./Deliveries.module.css";

type Attempt = Schema["AttemptView"];

const CODES =
  "https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes";

/** What Discord answered, attempt by attempt. */
export function Attempts({ attempts, channel }: { attempts: Attempt[]; channel: string }) {
  const { t, i18n } = useTranslation("deliveries");
  const text = useAttemptText(channel);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className={classes.scroll} tabIndex={0} role="group" aria-label={t("attempts.title")}>
      <Table horizontalSpacing="md" miw={620}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("attempts.number")}</Table.Th>
            <Table.Th>{t("attempts.time")}</Table.Th>
            <Table.Th>{t("attempts.outcome")}</Table.Th>
            <Table.Th>{t("attempts.http")}</Table.Th>
            <Table.Th>{t("attempts.code")}</Table.Th>
            <Table.Th>{t("attempts.retryAfter")}</Table.Th>
            <Table.Th>{t("attempts.took")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {attempts.map((attempt) => (
            <Table.Tr key={attempt.attempt}>
              <Table.Th scope="row">{attempt.attempt}</Table.Th>
              <Table.Td>{clock(new Date(attempt.claimed_at), i18n.language)}</Table.Td>
              <Table.Td>{text(attempt)}</Table.Td>
              <Table.Td>{attempt.http_status ?? "–"}</Table.Td>
              <Table.Td>
                <Code code={attempt.discord_code} />
              </Table.Td>
              <Table.Td>{duration(attempt.retry_after_ms, i18n.language)}</Table.Td>
              <Table.Td>{duration(tookMs(attempt), i18n.language)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Code({ code }: { code: number | null | undefined }) {
  if (!code) return <>–</>;
  return (
    <Anchor href={CODES} target="_blank" rel="noopener noreferrer" underline="always" inherit>
      {code}
    </Anchor>
  );
}

function duration(ms: number | null | undefined, language: string): string {
  return ms == null ? "–" : span(ms, language);
}

function tookMs({ sent_at, answered_at }: Attempt): number | null {
  if (!sent_at || !answered_at) return null;
  return new Date(answered_at).getTime() - new Date(sent_at).getTime();
}

/** What an attempt came to, in a few words. */
export function useAttemptText(channel: string) {
  const { t } = useTranslation("deliveries");
  const reasons = useReasons();
  return ({ outcome }: Attempt): string => {
    if (outcome === "sent") return t("attempts.accepted");
    return reasons({ reason: outcome }, { channel })?.short ?? outcome;
  };
}
