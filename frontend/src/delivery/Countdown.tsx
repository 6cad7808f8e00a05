import { useTranslation } from "react-i18next";
import { useSecondsLeft } from "~/ui/useSecondsLeft";

/** "Retrying in 14 s", second by second; for a screen reader only once. */
export function Countdown({ until }: { until: string }) {
  const { t } = useTranslation("delivery");
  const seconds = useSecondsLeft(new Date(until).getTime());
  return seconds > 0 ? t("outcomes.retryingIn", { seconds }) : t("outcomes.retryingNow");
}
