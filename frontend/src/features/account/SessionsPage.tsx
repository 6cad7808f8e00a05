import { Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconCheck, IconDeviceDesktop, IconDeviceMobile } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { useLeave } from "~/shell/useLeave";
import { ConfirmDialog } from "~/ui/ConfirmDialog";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { Status } from "~/ui/Status";
import { Time } from "~/ui/Time";
import { toast } from "~/ui/toast";
import { deviceOf } from "./device";
import classes from "./account.module.css";

type Session = Schema["SessionView"];
/** What is about to be ended. */
type Ending = { kind: "one"; session: Session } | { kind: "others" } | { kind: "all" };

/** Where one is signed in, and how to end it. */
export function SessionsPage() {
  const { t } = useTranslation("account");
  const sessions = useQuery(queries.sessions);
  const [ending, setEnding] = useState<Ending | null>(null);
  const others = sessions.data?.some((session) => !session.current) ?? false;
  return (
    <Page
      title={t("sessions.title")}
      text={t("sessions.text")}
      actions={
        sessions.data && (
          <>
            {others && (
              <Button variant="default" onClick={() => setEnding({ kind: "others" })}>
                {t("sessions.others.button")}
              </Button>
            )}
            <Button variant="default" onClick={() => setEnding({ kind: "all" })}>
              {t("sessions.all.button")}
            </Button>
          </>
        )
      }
    >
      <Loaded query={sessions} skeleton={<Waiting />}>
        {(all) => (
          <>
            <ul className={classes.list}>
              {all.map((session) => (
                <Row
                  key={session.id}
                  session={session}
                  onEnd={() => setEnding({ kind: "one", session })}
                />
              ))}
            </ul>
            {!others && <Text c="dimmed">{t("sessions.alone")}</Text>}
          </>
        )}
      </Loaded>
      <EndDialog ending={ending} onClose={() => setEnding(null)} />
    </Page>
  );
}

function useDevice() {
  const { t } = useTranslation("account");
  return (session: Session): string => {
    const { browser, system } = deviceOf(session.user_agent);
    const name = browser ?? t("sessions.unknown");
    return system ? t("sessions.device", { browser: name, system }) : name;
  };
}

function Row({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const { t } = useTranslation("account");
  const device = useDevice()(session);
  const { handheld } = deviceOf(session.user_agent);
  const Icon = handheld ? IconDeviceMobile : IconDeviceDesktop;
  return (
    <li className={classes.row}>
      <Icon size={28} aria-hidden className={classes.icon} />
      <div className={classes.words}>
        <Group gap="xs">
          <Text fw={600}>{device}</Text>
          {session.current && (
            <Status icon={<IconCheck size={14} />} color="green">
              {t("sessions.current")}
            </Status>
          )}
        </Group>
        <Text size="sm" c="dimmed">
          {t("sessions.seen")} <Time at={session.last_seen_at} /> · {t("sessions.began")}{" "}
          <Time at={session.created_at} /> · {t("sessions.ends")} <Time at={session.expires_at} />
        </Text>
      </div>
      <Button
        variant="default"
        size="xs"
        onClick={onEnd}
        aria-label={t("sessions.one.label", { device })}
      >
        {t("sessions.one.button")}
      </Button>
    </li>
  );
}

function EndDialog({ ending, onClose }: { ending: Ending | null; onClose: () => void }) {
  const { t } = useTranslation("account");
  const client = useQueryClient();
  const leave = useLeave();
  const device = useDevice();
  const end = useMutation({
    mutationFn: (which: Ending) => request(which),
    onSuccess: async (_, which) => {
      onClose();
      if (which.kind === "all" || (which.kind === "one" && which.session.current)) return leave();
      toast({ message: t("sessions.ended") });
      await client.invalidateQueries({ queryKey: queries.sessions.queryKey });
    },
    // Somebody else's click has ended it already: the list shows so.
    onError: () => client.invalidateQueries({ queryKey: queries.sessions.queryKey }),
  });
  const close = () => {
    end.reset();
    onClose();
  };
  const kind = ending?.kind ?? "one";
  const name = ending?.kind === "one" ? device(ending.session) : "";
  return (
    <ConfirmDialog
      opened={ending !== null}
      title={t(`sessions.${kind}.title`, { device: name })}
      action={t(`sessions.${kind}.button`)}
      busy={end.isPending}
      error={end.error}
      onConfirm={() => ending && end.mutate(ending)}
      onClose={close}
    >
      {ending?.kind === "one" && ending.session.current
        ? t("sessions.one.current")
        : t(`sessions.${kind}.text`)}
    </ConfirmDialog>
  );
}

function request(which: Ending) {
  if (which.kind === "one") {
    const path = { session_id: which.session.id };
    return ask(api.DELETE("/api/auth/sessions/{session_id}", { params: { path } }));
  }
  const all = which.kind === "all";
  return ask(api.DELETE("/api/auth/sessions", { params: { query: { all } } }));
}

function Waiting() {
  return (
    <Stack gap="sm">
      <Skeleton height={78} radius="md" />
      <Skeleton height={78} radius="md" />
    </Stack>
  );
}
