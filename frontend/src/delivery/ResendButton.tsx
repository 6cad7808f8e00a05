import { Button, Skeleton, Stack, Switch, Text } from "@mantine/core";
import { useDidUpdate, useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { IconRefresh } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { useChannelName } from "~/guild/ChannelSelect";
import { useMentionText } from "~/guild/MentionField";
import { ConfirmDialog } from "~/ui/ConfirmDialog";
import { useNow } from "~/ui/Time";
import { toast } from "~/ui/toast";
import { isLate, type Delivery } from "./outcome";
import { useRenewDeliveries, useResend } from "./useResend";

interface Props {
  guildId: string;
  delivery: Delivery;
}

/** Sends an announcement again, after a dialog that says where to and whom it pings. */
export function ResendButton({ guildId, delivery, size = "xs" }: Props & { size?: string }) {
  const { t } = useTranslation("delivery");
  const [opened, dialog] = useDisclosure();
  const button = useRef<HTMLButtonElement>(null);
  // The dialog is gone at once, and so cannot give the focus back itself.
  useDidUpdate(() => {
    if (!opened) button.current?.focus();
  }, [opened]);
  const name = delivery.display_name ?? delivery.login ?? t("theStreamer");
  return (
    <>
      <Button
        ref={button}
        size={size}
        variant="default"
        leftSection={<IconRefresh size={14} />}
        onClick={dialog.open}
        aria-label={`${t("resend.action")}: ${name}`}
      >
        {t("resend.action")}
      </Button>
      {opened && <ResendDialog guildId={guildId} delivery={delivery} onClose={dialog.close} />}
    </>
  );
}

function ResendDialog({ guildId, delivery, onClose }: Props & { onClose: () => void }) {
  const { t } = useTranslation("delivery");
  const channelName = useChannelName(guildId);
  const mention = useMention(guildId, delivery);
  const whom = useMentionText(guildId);
  const now = useNow();
  const late = isLate(delivery, now);
  const [chosen, setChosen] = useState<boolean | null>(null);
  const silent = mention.value?.kind === "none";
  const ping = !silent && (chosen ?? !late);
  const channel = channelName(delivery.channel_id);
  const name = delivery.display_name ?? delivery.login ?? t("theStreamer");

  const resend = useResend(guildId);
  const renew = useRenewDeliveries(guildId);
  const send = () =>
    resend.mutate(
      { id: delivery.id, ping },
      {
        onSuccess: (planned) => {
          renew();
          const text = planned.ping ? "resend.plannedPing" : "resend.plannedSilent";
          toast({ title: t("resend.planned", { channel }), message: t(text) });
          onClose();
        },
      },
    );
  return (
    <ConfirmDialog
      opened
      danger={false}
      title={t("resend.title", { name })}
      action={t("resend.send")}
      busy={resend.isPending}
      error={resend.error}
      onConfirm={send}
      onClose={onClose}
    >
      <Stack gap="sm">
        <Text>{t("resend.where", { channel })}</Text>
        {delivery.status === "sent" && <Text>{t("resend.twice")}</Text>}
        {mention.pending && <Skeleton height={20} width={220} aria-hidden />}
        {silent && <Text>{t("resend.pingsNobody")}</Text>}
        {!mention.pending && !silent && (
          <Switch
            checked={ping}
            onChange={(event) => setChosen(event.currentTarget.checked)}
            label={t("resend.ping", {
              whom: mention.value ? whom(mention.value) : t("resend.whom"),
            })}
            description={t(late ? "resend.late" : "resend.fresh")}
          />
        )}
      </Stack>
    </ConfirmDialog>
  );
}

/** Whom the announcement mentions, by the settings as they are now; null when that is not known. */
function useMention(guildId: string, delivery: Delivery) {
  const streamer = useQuery({
    ...queries.streamer(guildId, delivery.streamer_id ?? ""),
    enabled: Boolean(delivery.streamer_id),
    retry: false,
  });
  const config = useQuery({ ...queries.config(guildId), retry: false });
  const general = config.data?.value;
  const to = destinationOf(streamer.data?.value.destinations ?? [], delivery, general);
  const pending = config.isPending || (streamer.isPending && streamer.isFetching);
  return { pending, value: to?.settings.mention ?? general?.mention ?? null };
}

function destinationOf(
  destinations: Schema["DestinationView"][],
  { channel_id: channel }: Delivery,
  config: Schema["ConfigBody"] | undefined,
) {
  return destinations.find(
    ({ settings }) => (settings.channel_id ?? config?.default_channel_id) === channel,
  );
}
