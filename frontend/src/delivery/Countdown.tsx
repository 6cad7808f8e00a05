import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

/** "Retrying in 14 s", second by second; for a screen reader only once. */
export function Countdown({ until }: { until: string }) {
  const { t } = useTranslation("delivery");
  const due = new Date(until).getTime();
  const [now, setNow] = useState(() => Date.now());
  const seconds = Math.max(0, Math.ceil((due - now) / 1000));
  const over = seconds === 0;
  useEffect(() => {
    if (over) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [over]);
  return seconds > 0 ? t("outcomes.retryingIn", { seconds }) : t("outcomes.retryingNow");
}
