import { Alert, Button, Code, Group, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { ConfirmDialog } from "~/ui/ConfirmDialog";
import { CopyButton } from "~/ui/CopyButton";
import { Loaded } from "~/ui/Loaded";
import { ProblemAlert } from "~/ui/ProblemCard";
import { Section } from "~/ui/Section";
import { Time } from "~/ui/Time";
import { toast } from "~/ui/toast";
import { botQueries } from "./queries";
import { useErrorText } from "./useErrorText";
import classes from "./Bot.module.css";

type Token = Schema["ChatTokenView"];

/** With what programs run commands: made, shown once, revoked. */
export function TokensSection({ channelId }: { channelId: string }) {
  const { t } = useTranslation("bot");
  const tokens = useQuery(botQueries.tokens(channelId));
  return (
    <Section
      title={t("tokens.title")}
      text={t("tokens.text", {
        address: `POST /api/channels/${channelId}/commands/…/run`,
      })}
    >
      <Loaded query={tokens} skeleton={<Skeleton height={80} radius="md" />}>
        {(all) => <List channelId={channelId} tokens={all} />}
      </Loaded>
      <Make channelId={channelId} />
    </Section>
  );
}

function List({ channelId, tokens }: { channelId: string; tokens: Token[] }) {
  const { t } = useTranslation("bot");
  const client = useQueryClient();
  const [revoking, setRevoking] = useState<Token | null>(null);
  const revoke = useMutation({
    mutationFn: ({ id }: Token) =>
      ask(
        api.DELETE("/api/channels/{channel_id}/tokens/{token_id}", {
          params: { path: { channel_id: channelId, token_id: id } },
        }),
      ),
    onSuccess: (_, { name }) => {
      setRevoking(null);
      toast({ message: t("tokens.revoked", { name }) });
    },
    onSettled: () => client.invalidateQueries({ queryKey: botQueries.tokens(channelId).queryKey }),
  });
  if (tokens.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t("tokens.none")}
      </Text>
    );
  return (
    <>
      <ul className={classes.list} aria-label={t("tokens.title")}>
        {tokens.map((token) => (
          <li key={token.id}>
            <Group justify="space-between" gap="sm">
              <div style={{ minWidth: 0 }}>
                <Text className={classes.token}>{token.name}</Text>
                <Text size="sm" c="dimmed" component="div">
                  {t("tokens.made")} <Time at={token.created_at} /> ·{" "}
                  {token.last_used_at == null ? (
                    t("tokens.unused")
                  ) : (
                    <>
                      {t("tokens.used")} <Time at={token.last_used_at} />
                    </>
                  )}
                </Text>
              </div>
              <Button
                size="xs"
                variant="default"
                aria-label={t("tokens.revokeNamed", { name: token.name })}
                onClick={() => setRevoking(token)}
              >
                {t("tokens.revoke")}
              </Button>
            </Group>
          </li>
        ))}
      </ul>
      <ConfirmDialog
        opened={revoking !== null}
        title={t("tokens.sure", { name: revoking?.name ?? "" })}
        action={t("tokens.revoke")}
        busy={revoke.isPending}
        error={revoke.error}
        onConfirm={() => revoking && revoke.mutate(revoking)}
        onClose={() => {
          revoke.reset();
          setRevoking(null);
        }}
      >
        <Text size="sm">{t("tokens.sureText")}</Text>
      </ConfirmDialog>
    </>
  );
}

function Make({ channelId }: { channelId: string }) {
  const { t } = useTranslation("bot");
  const client = useQueryClient();
  const [name, setName] = useState("");
  const make = useMutation({
    mutationFn: () =>
      ask(
        api.POST("/api/channels/{channel_id}/tokens", {
          params: { path: { channel_id: channelId } },
          body: { name, scopes: ["run"] },
        }),
      ),
    onSuccess: () => setName(""),
    onSettled: () => client.invalidateQueries({ queryKey: botQueries.tokens(channelId).queryKey }),
    // It is to be forgotten as soon as it is off the screen.
    gcTime: 0,
  });
  const problem = make.error instanceof Problem ? make.error : null;
  const errorOf = useErrorText(problem?.fields ?? []);
  return (
    <Stack gap="sm">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <Group align="flex-start" gap="sm">
          <TextInput
            label={t("tokens.name")}
            description={t("tokens.nameAbout")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={50}
            autoComplete="off"
            error={errorOf("name")}
          />
          <Button
            type="submit"
            variant="default"
            mt={45}
            loading={make.isPending}
            disabled={name.trim() === ""}
          >
            {t("tokens.make")}
          </Button>
        </Group>
      </form>
      {problem && problem.fields.length === 0 && <ProblemAlert problem={problem} />}
      {make.data && (
        <Alert color="green" role="status" icon={<IconKey />} title={t("tokens.once")}>
          <Stack gap="sm" align="flex-start">
            <Text size="sm">{t("tokens.onceText")}</Text>
            <Code className={classes.token}>{make.data.token}</Code>
            <Group gap="sm">
              <CopyButton text={make.data.token} label={t("tokens.copy")} />
              <Button size="xs" variant="default" onClick={() => make.reset()}>
                {t("tokens.hide")}
              </Button>
            </Group>
          </Stack>
        </Alert>
      )}
    </Stack>
  );
}
