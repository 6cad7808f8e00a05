import { Alert, Button, Group, Text } from "@mantine/core";
import { IconCheck, IconExternalLink, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { paths } from "~/paths";
import { LinkButton } from "~/ui/links";
import { ProblemAlert } from "~/ui/ProblemCard";
import { FixLink } from "./FixLink";
import { useReasons } from "./reasons";
import type { useTestSend } from "./useTestSend";

type Test = Pick<ReturnType<typeof useTestSend>, "data" | "error" | "reset">;

/** What came of a test message: where it stands, or why Discord did not take it. */
export function TestResult({
  guildId,
  test,
  channel,
}: {
  guildId: string;
  test: Test;
  /** The default channel's name. */
  channel: string;
}) {
  const { t } = useTranslation("delivery");
  const words = useTranslation();
  if (test.error instanceof Problem) {
    return (
      <div>
        <ProblemAlert problem={test.error} />
        {test.error.code === "no_channel" && (
          <LinkButton mt="sm" size="xs" to={paths.notifications} params={{ guildId }}>
            {t("test.chooseChannel")}
          </LinkButton>
        )}
      </div>
    );
  }
  if (!test.data) return null;
  const close = { withCloseButton: true, closeButtonLabel: words.t("close"), onClose: test.reset };
  const details = (
    <LinkButton
      size="xs"
      variant="default"
      to={paths.delivery}
      params={{ guildId, deliveryId: test.data?.delivery_id ?? "" }}
    >
      {t("test.details")}
    </LinkButton>
  );
  if (test.data.posted) {
    return (
      <Alert color="green" icon={<IconCheck />} title={t("test.posted")} role="status" {...close}>
        <Text size="sm">{t("test.postedText")}</Text>
        <Group mt="sm" gap="sm">
          <MessageLink url={test.data.message_url} />
          {details}
        </Group>
      </Alert>
    );
  }
  return (
    <Alert color="red" icon={<IconX />} title={t("test.refused")} role="alert" {...close}>
      <Refusal guildId={guildId} result={test.data} channel={channel}>
        {details}
      </Refusal>
    </Alert>
  );
}

function Refusal({
  guildId,
  result,
  channel,
  children,
}: {
  guildId: string;
  result: Schema["TestView"];
  channel: string;
  children: React.ReactNode;
}) {
  const reasons = useReasons();
  const { reason, refusal: detail, missing } = result;
  const explained = reasons({ reason: reason ?? "test_refused", detail, missing }, { channel });
  if (!explained) return children;
  return (
    <>
      <Text size="sm">{explained.text}</Text>
      {explained.fix && (
        <Text size="sm" mt={4}>
          {explained.fix}
        </Text>
      )}
      <Group mt="sm" gap="sm">
        <FixLink guildId={guildId} streamerId={null} explained={explained} />
        {children}
      </Group>
    </>
  );
}

/** A link to a message in Discord. */
export function MessageLink({
  url,
  size = "xs",
}: {
  url: string | null | undefined;
  size?: string;
}) {
  const { t } = useTranslation("delivery");
  if (!url) return null;
  return (
    <Button
      size={size}
      variant="default"
      component="a"
      href={url}
      target="_blank"
      rel="noopener noreferrer"
      leftSection={<IconExternalLink size={14} aria-hidden />}
      aria-label={`${t("test.view")} (${t("test.newTab")})`}
    >
      {t("test.view")}
    </Button>
  );
}
