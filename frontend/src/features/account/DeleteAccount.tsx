import { Button, Group, List, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { IconTrash } from "@tabler/icons-react";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "~/api/client";
import { Problem } from "~/api/problem";
import { meQuery } from "~/api/session";
import { useLeave } from "~/shell/useLeave";
import { Card } from "~/ui/Card";
import { Dialog } from "~/ui/Dialog";
import { ProblemAlert } from "~/ui/ProblemCard";

/** Deletes the account: says what goes and what stays, and wants the name typed. */
export function DeleteAccount() {
  const { t } = useTranslation("account");
  const [opened, setOpened] = useState(false);
  const me = useQuery(meQuery);
  return (
    <Card title={t("privacy.delete.title")}>
      <Text fw={600}>{t("privacy.delete.goes")}</Text>
      <List spacing={4} mb="sm">
        <List.Item>{t("privacy.delete.profile")}</List.Item>
        <List.Item>{t("privacy.delete.access")}</List.Item>
        <List.Item>{t("privacy.delete.choices")}</List.Item>
      </List>
      <Text fw={600}>{t("privacy.delete.stays")}</Text>
      <List spacing={4} mb="md">
        <List.Item>{t("privacy.delete.servers")}</List.Item>
        <List.Item>{t("privacy.delete.audit")}</List.Item>
      </List>
      <Button
        color="red"
        leftSection={<IconTrash size={16} />}
        onClick={() => setOpened(true)}
        aria-haspopup="dialog"
      >
        {t("privacy.delete.button")}
      </Button>
      <Dialog
        opened={opened}
        onClose={() => setOpened(false)}
        title={t("privacy.delete.dialog")}
        centered
      >
        {me.data && <Confirmation name={me.data.username} onClose={() => setOpened(false)} />}
      </Dialog>
    </Card>
  );
}

function Confirmation({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useTranslation("account");
  const { t: common } = useTranslation();
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState(false);
  const leave = useLeave();
  const deletion = useMutation({
    mutationFn: () => ask(api.DELETE("/api/users/me")),
    onSuccess: () => leave({ deleted: "1" }),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (isName(typed, name)) deletion.mutate();
    else setWrong(true);
  };
  return (
    <form onSubmit={submit}>
      <Text mb="sm">{t("privacy.delete.sure")}</Text>
      <TextInput
        data-autofocus
        label={t("privacy.delete.type", { name })}
        autoComplete="off"
        value={typed}
        error={wrong && t("privacy.delete.mismatch", { name })}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setWrong(false);
        }}
      />
      {deletion.error instanceof Problem && <ProblemAlert problem={deletion.error} />}
      <Group mt="lg" justify="flex-end" gap="sm">
        <Button variant="default" onClick={onClose}>
          {common("cancel")}
        </Button>
        <Button type="submit" color="red" loading={deletion.isPending}>
          {t("privacy.delete.confirm")}
        </Button>
      </Group>
    </form>
  );
}

/** Discord's names are of small letters; a phone's keyboard begins with a capital one. */
function isName(typed: string, name: string): boolean {
  return typed.trim().replace(/^@/, "").toLowerCase() === name.toLowerCase();
}
