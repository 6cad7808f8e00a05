import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconBrandTwitch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "~/api/client";
import { leave } from "~/paths";
import { Card } from "~/ui/Card";
import { toast, useFailureToast } from "~/ui/toast";
import { botQueries, type BotChannel } from "./queries";

/** As whom the bot speaks in a channel. */
export function AccountCard({ channel }: { channel: BotChannel }) {
  const { t } = useTranslation("bot");
  return (
    <Card title={t("account.title")}>
      <Stack gap="md">
        <Text>
          {channel.bot_login == null
            ? t("account.nobody")
            : t(channel.own_account ? "account.own" : "account.service", {
                login: channel.bot_login,
              })}
        </Text>
        <OwnAccount channel={channel} />
        {channel.own_account && <DropAccount channel={channel} />}
      </Stack>
    </Card>
  );
}

function OwnAccount({ channel }: { channel: BotChannel }) {
  const { t } = useTranslation("bot");
  const [login, setLogin] = useState("");
  const wanted = login.trim().replace(/^@/, "");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== "") location.assign(leave.linkBotAccount(channel.channel_id, wanted));
      }}
    >
      <Group align="flex-end" gap="sm">
        <TextInput
          label={t("account.login")}
          description={t("account.loginAbout")}
          value={login}
          maxLength={26}
          autoComplete="off"
          onChange={(event) => setLogin(event.currentTarget.value)}
          maw={420}
        />
        <Button
          type="submit"
          variant="default"
          disabled={wanted === ""}
          leftSection={<IconBrandTwitch size={18} />}
        >
          {t("account.link")}
        </Button>
      </Group>
    </form>
  );
}

function DropAccount({ channel }: { channel: BotChannel }) {
  const { t } = useTranslation("bot");
  const client = useQueryClient();
  const failed = useFailureToast();
  const drop = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE("/api/channels/{channel_id}/bot/account", {
          params: { path: { channel_id: channel.channel_id } },
        }),
      ),
    onSuccess: () => toast({ message: t("account.dropped") }),
    onError: (error) => failed(error),
    onSettled: () => client.invalidateQueries({ queryKey: botQueries.channels.queryKey }),
  });
  return (
    <Group>
      <Button variant="default" size="xs" loading={drop.isPending} onClick={() => drop.mutate()}>
        {t("account.drop")}
      </Button>
    </Group>
  );
}
