import { Button, Group, PasswordInput, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "~/api/client";
import { Problem } from "~/api/problem";
import { ConfirmDialog } from "~/ui/ConfirmDialog";
import { ProblemAlert } from "~/ui/ProblemCard";
import { Section } from "~/ui/Section";
import { toast } from "~/ui/toast";
import { botQueries } from "./queries";
import { useErrorText } from "./useErrorText";
import classes from "./Bot.module.css";

/** Secrets that addresses can carry: written, replaced, deleted, never shown. */
export function SecretsSection({ channelId, secrets }: { channelId: string; secrets: string[] }) {
  const { t } = useTranslation("bot");
  const client = useQueryClient();
  const [deleting, setDeleting] = useState<string | null>(null);
  const path = (secret: string) => ({ channel_id: channelId, secret });
  const again = () =>
    client.invalidateQueries({ queryKey: botQueries.settings(channelId).queryKey });
  const forget = useMutation({
    mutationFn: (secret: string) =>
      ask(
        api.DELETE("/api/channels/{channel_id}/commands/secrets/{secret}", {
          params: { path: path(secret) },
        }),
      ),
    onSuccess: (_, name) => {
      setDeleting(null);
      toast({ message: t("secrets.deleted", { name }) });
    },
    onSettled: again,
  });
  return (
    <Section title={t("secrets.title")} text={t("secrets.text", { written: "{secret name}" })}>
      <ul className={classes.list} aria-label={t("secrets.title")}>
        {secrets.map((name) => (
          <li key={name}>
            <Group justify="space-between" gap="sm">
              <Text className={classes.token}>{name}</Text>
              <Button
                size="xs"
                variant="default"
                aria-label={t("secrets.deleteNamed", { name })}
                onClick={() => setDeleting(name)}
              >
                {t("secrets.delete")}
              </Button>
            </Group>
          </li>
        ))}
      </ul>
      {secrets.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("secrets.none")}
        </Text>
      )}
      <Keep channelId={channelId} onKept={() => void again()} />
      <ConfirmDialog
        opened={deleting !== null}
        title={t("secrets.sure", { name: deleting ?? "" })}
        action={t("secrets.delete")}
        busy={forget.isPending}
        error={forget.error}
        onConfirm={() => deleting !== null && forget.mutate(deleting)}
        onClose={() => {
          forget.reset();
          setDeleting(null);
        }}
      >
        <Text size="sm">{t("secrets.sureText")}</Text>
      </ConfirmDialog>
    </Section>
  );
}

function Keep({ channelId, onKept }: { channelId: string; onKept: () => void }) {
  const { t } = useTranslation("bot");
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const keep = useMutation({
    mutationFn: () =>
      ask(
        api.PUT("/api/channels/{channel_id}/commands/secrets/{secret}", {
          params: { path: { channel_id: channelId, secret: name.trim() } },
          body: { value },
        }),
      ),
    onSuccess: () => {
      toast({ message: t("secrets.kept", { name: name.trim() }) });
      setName("");
      setValue("");
      onKept();
    },
  });
  const problem = keep.error instanceof Problem ? keep.error : null;
  const errorOf = useErrorText(problem?.fields ?? []);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        keep.mutate();
      }}
    >
      <Group align="flex-start" gap="sm">
        <TextInput
          label={t("secrets.name")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={32}
          autoComplete="off"
          error={errorOf("name")}
        />
        <PasswordInput
          label={t("secrets.value")}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          maxLength={500}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ "aria-label": t("secrets.reveal") }}
          error={errorOf("value")}
          w={220}
        />
        <Button
          type="submit"
          variant="default"
          mt={25}
          loading={keep.isPending}
          disabled={name.trim() === "" || value === ""}
        >
          {t("secrets.keep")}
        </Button>
      </Group>
      {problem && problem.fields.length === 0 && <ProblemAlert problem={problem} />}
    </form>
  );
}
