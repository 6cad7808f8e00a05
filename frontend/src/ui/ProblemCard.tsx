import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "~/api/problem";
import { CopyButton } from "./CopyButton";
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
  return (
    <Alert color="red" role="alert" icon={<IconAlertTriangle />} title={title}>
      <Text size="sm">{text}</Text>
      <Group mt="sm" gap="sm">
        {onRetry && <RetryButton problem={problem} onRetry={onRetry} />}
        {problem.requestId && (
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

/** Counts down to the moment in which another try makes sense, and then tries by itself. */
function RetryButton({ problem, onRetry }: { problem: Problem; onRetry: () => void }) {
  const { t } = useTranslation();
  const [seconds, setSeconds] = useState(problem.retryAfter ?? 0);
  useEffect(() => {
    if (seconds <= 0) return;
    const timer = setTimeout(() => {
      setSeconds(seconds - 1);
      if (seconds === 1) onRetry();
    }, 1000);
    return () => clearTimeout(timer);
  }, [seconds, onRetry]);
  return (
    <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={onRetry}>
      {seconds > 0 ? t("problem.retryIn", { seconds }) : t("problem.retry")}
    </Button>
  );
}
