import { Skeleton, Stack, Switch } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Problem } from "~/api/problem";
import { ProblemAlert, ProblemCard } from "~/ui/ProblemCard";
import { useVisibility } from "./useVisibility";

/** Lets somebody be there without others being told, and says what others see. */
export function InvisibleSwitch() {
  const { t } = useTranslation("presence");
  const { visibility, choose } = useVisibility();
  if (visibility.data === undefined) {
    if (visibility.error)
      return <ProblemCard error={visibility.error} onRetry={() => void visibility.refetch()} />;
    return <Skeleton height={44} radius="md" />;
  }
  const { invisible } = visibility.data;
  return (
    <Stack gap="xs">
      <Switch
        checked={invisible}
        onChange={(event) => choose.mutate(event.currentTarget.checked)}
        label={t("invisible.label")}
        description={<span role="status">{t(invisible ? "invisible.on" : "invisible.off")}</span>}
      />
      {choose.error instanceof Problem && <ProblemAlert problem={choose.error} />}
    </Stack>
  );
}
