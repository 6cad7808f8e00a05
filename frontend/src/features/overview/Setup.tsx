import { Button, Progress, Text, ThemeIcon } from "@mantine/core";
import { IconCheck, IconCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { leave, paths } from "~/paths";
import { LinkButton } from "~/ui/links";
import { Card } from "~/ui/Card";
import { ChannelStep } from "./ChannelStep";
import { STEPS, type Step } from "./checks";
import classes from "./Overview.module.css";

interface Props {
  guildId: string;
  done: Record<Step, boolean>;
  testing: boolean;
  onTest: () => void;
}

/** What is left to do until the server announces streams; each step with the action that does it. */
export function Setup({ guildId, done, testing, onTest }: Props) {
  const { t } = useTranslation("overview");
  const count = STEPS.filter((step) => done[step]).length;
  const next = STEPS.find((step) => !done[step]);
  const progress = t("setup.progress", { done: count, total: STEPS.length });
  return (
    <Card title={t("setup.title")} actions={<Text c="dimmed">{progress}</Text>}>
      <Progress value={(count / STEPS.length) * 100} aria-label={progress} mb="md" />
      <ol className={classes.steps}>
        {STEPS.map((step) => (
          <li key={step} className={classes.step} data-done={done[step] || undefined}>
            <ThemeIcon
              variant={done[step] ? "light" : "default"}
              color={done[step] ? "green" : undefined}
              radius="xl"
              aria-hidden
            >
              {done[step] ? <IconCheck size={16} /> : <IconCircle size={12} />}
            </ThemeIcon>
            <div className={classes.words}>
              <Text fw={600}>
                {t(`setup.${step}.title`)}
                <Text span c="dimmed" fw={400} size="sm" ml="xs">
                  {done[step] && t("setup.done")}
                </Text>
              </Text>
              {!done[step] && (
                <Text size="sm" c="dimmed">
                  {t(`setup.${step}.text`)}
                </Text>
              )}
            </div>
            {!done[step] && (
              <Action
                step={step}
                guildId={guildId}
                primary={step === next}
                testing={testing}
                onTest={onTest}
              />
            )}
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Action({
  step,
  guildId,
  primary,
  testing,
  onTest,
}: {
  step: Step;
  guildId: string;
  primary: boolean;
  testing: boolean;
  onTest: () => void;
}) {
  const { t } = useTranslation("overview");
  const variant = primary ? "filled" : "default";
  const label = t(`setup.${step}.action`);
  if (step === "bot") {
    return (
      <Button variant={variant} component="a" href={leave.install(guildId)}>
        {label}
      </Button>
    );
  }
  if (step === "test") {
    return (
      <Button variant={variant} onClick={onTest} loading={testing}>
        {label}
      </Button>
    );
  }
  if (step === "channel") return <ChannelStep guildId={guildId} />;
  return (
    <LinkButton variant={variant} to={paths.streamers} params={{ guildId }}>
      {label}
    </LinkButton>
  );
}
