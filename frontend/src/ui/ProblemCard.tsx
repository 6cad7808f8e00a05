import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useEffect, useEffectEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "~/api/problem";
import { CopyButton } from "./CopyButton";
import { useSecondsLeft } from "./useSecondsLeft";
import type common from "~/i18n/locale/en.json";

type Code = keyof (typeof common)["problems"];

/** What a problem is called, and what can be done about it. */
export function describe(t: TFunction, problem: Problem): { title: string; text: string } {
  const code = problem.code as Code;
  const title = t(`problems.${code}.title`, { defaultValue: "" });
  if (title === "") return { title: t("problems.unexpected.title"), text: problem.detail };
  return { title, text: t(`problems.${code}.text`) };
}

/** What went wrong, what can be done, what to quote when asking for help. */
export function ProblemAlert({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  const { t } = useTranslation();
  const { title, text } = describe(t, problem);
  // Nobody needs to be asked for help: time does it.
  const limited = problem.retryAfter !== null;
  return (
    <Alert
      color={limited ? "orange" : "red"}
      role="alert"
      icon={<IconAlertTriangle />}
      title={title}
    >
      <Text size="sm">{text}</Text>
      {!onRetry && problem.retryAfter !== null && <Wait seconds={problem.retryAfter} />}
      <Group mt="sm" gap="sm">
        {onRetry && <RetryButton seconds={problem.retryAfter} onRetry={onRetry} />}
        {problem.requestId && !limited && (
          <CopyButton text={problem.requestId} label={t("problem.copyRequestId")} />
        )}
      </Group>
    </Alert>
  );
}

/** In place of a page or a card whose data could not be had. */
export function ProblemCard({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const problem =
    error instanceof Problem
      ? error
      : new Problem({ status: 0, code: "unexpected", detail: error.message });
  return <ProblemAlert problem={problem} onRetry={onRetry} />;
}

/** The seconds that are left of a wait that began when this was first shown. */
function useWait(seconds: number): number {
  const [until] = useState(() => Date.now() + seconds * 1000);
  return useSecondsLeft(until);
}

/** Says when another try makes sense, where somebody has to make it. */
function Wait({ seconds }: { seconds: number }) {
  const { t } = useTranslation();
  const left = useWait(seconds);
  return (
    // The alert was read out as a whole; each second of it is no news.
    <Text size="sm" fw={600} aria-live="off">
      {left > 0 ? t("problem.wait", { seconds: left }) : t("problem.waited")}
    </Text>
  );
}

/** Another try; where it takes a wait, counts down to it and then tries by itself. */
function RetryButton({ seconds, onRetry }: { seconds: number | null; onRetry: () => void }) {
  const { t } = useTranslation();
  const left = useWait(seconds ?? 0);
  const due = seconds !== null && left === 0;
  const retry = useEffectEvent(onRetry);
  useEffect(() => {
    if (due) retry();
  }, [due]);
  return (
    <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={onRetry}>
      <span aria-live="off">
        {left > 0 ? t("problem.retryIn", { seconds: left }) : t("problem.retry")}
      </span>
    </Button>
  );
}
