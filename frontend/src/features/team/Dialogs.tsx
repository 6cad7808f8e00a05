import { Button, Group, NumberInput, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Schema } from "~/api/client";
import { Problem } from "~/api/problem";
import { queries } from "~/api/queries";
import { ConfirmDialog } from "~/ui/ConfirmDialog";
import { Dialog } from "~/ui/Dialog";
import { Loaded } from "~/ui/Loaded";
import { ProblemAlert } from "~/ui/ProblemCard";
import { exact } from "~/ui/time";
import { toast } from "~/ui/toast";
import type { Message } from "./room";
import classes from "./Team.module.css";

const MAX_REASON = 200;
/** 28 days. */
const MAX_MINUTES = 40_320;
const MINUTES = 10;

/** Asks before a message is deleted; a moderator says why. */
export function DeleteDialog({
  message,
  own,
  onDelete,
  onClose,
}: {
  message: Message & { text: string };
  own: boolean;
  onDelete: (reason: string) => Promise<void>;
  onClose: () => void;
}) {
  const { t } = useTranslation("team");
  const [reason, setReason] = useState("");
  const remove = useMutation({
    mutationFn: () => onDelete(reason.trim()),
    onSuccess: onClose,
  });
  const name = message.author?.name ?? t("gone");
  return (
    <ConfirmDialog
      opened
      title={own ? t("delete.own") : t("delete.title", { name })}
      action={t("delete.action")}
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <Stack gap="sm">
        <blockquote className={classes.quote} dir="auto">
          {message.text}
        </blockquote>
        {!own && <Reason value={reason} onChange={setReason} />}
      </Stack>
    </ConfirmDialog>
  );
}

function Reason({ value, onChange }: { value: string; onChange: (reason: string) => void }) {
  const { t } = useTranslation("team");
  return (
    <Textarea
      label={t("reason.label")}
      description={t("reason.text")}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      maxLength={MAX_REASON}
      autosize
      minRows={2}
    />
  );
}

/** Lets somebody write no more for a while. */
export function MuteDialog({
  room,
  author,
  onClose,
}: {
  room: string;
  author: { id: string; name: string };
  onClose: () => void;
}) {
  const { t } = useTranslation("team");
  const common = useTranslation();
  const client = useQueryClient();
  const [minutes, setMinutes] = useState<number | string>(MINUTES);
  const [reason, setReason] = useState("");
  const whole = typeof minutes === "number" && minutes >= 1 && minutes <= MAX_MINUTES;
  const mute = useMutation({
    mutationFn: () =>
      ask(
        api.PUT("/api/rooms/{room}/mutes/{user_id}", {
          params: { path: { room, user_id: author.id } },
          body: { minutes: Number(minutes), reason: reason.trim() },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: queries.mutes(room).queryKey });
      toast({ message: t("mute.done", { name: author.name }) });
      onClose();
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t("mute.title", { name: author.name })} centered>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (whole) mute.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{t("mute.text")}</Text>
          <NumberInput
            label={t("mute.minutes")}
            value={minutes}
            onChange={setMinutes}
            min={1}
            max={MAX_MINUTES}
            allowDecimal={false}
            error={whole ? null : t("mute.range", { most: MAX_MINUTES })}
            data-autofocus
          />
          <Reason value={reason} onChange={setReason} />
          {mute.error instanceof Problem && <ProblemAlert problem={mute.error} />}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {common.t("cancel")}
            </Button>
            <Button type="submit" color="red" loading={mute.isPending}>
              {t("mute.action")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

/** Who may not write, and the way to let them. */
export function MutesDialog({ room, onClose }: { room: string; onClose: () => void }) {
  const { t } = useTranslation("team");
  const mutes = useQuery(queries.mutes(room));
  return (
    <Dialog opened onClose={onClose} title={t("mutes.title")} centered>
      <Loaded query={mutes} skeleton={<Text>…</Text>}>
        {(all) =>
          all.length === 0 ? (
            <Text c="dimmed">{t("mutes.none")}</Text>
          ) : (
            <ul className={classes.mutes} aria-label={t("mutes.title")}>
              {all.map((muted) => (
                <Muted key={muted.user_id} room={room} muted={muted} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Dialog>
  );
}

function Muted({ room, muted }: { room: string; muted: Schema["MuteItem"] }) {
  const { t, i18n } = useTranslation("team");
  const client = useQueryClient();
  const name = muted.name ?? t("gone");
  const unmute = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE("/api/rooms/{room}/mutes/{user_id}", {
          params: { path: { room, user_id: muted.user_id } },
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: queries.mutes(room).queryKey }),
  });
  return (
    <li className={classes.muted}>
      <div className={classes.words}>
        <Text fw={600}>
          <bdi>{name}</bdi>
        </Text>
        <Text size="sm" c="dimmed">
          {t("mutes.until", { until: exact(new Date(muted.until), i18n.language) })}
        </Text>
        {muted.reason !== "" && (
          <Text size="sm" dir="auto">
            {muted.reason}
          </Text>
        )}
        {unmute.error instanceof Problem && unmute.error.status !== 404 && (
          <ProblemAlert problem={unmute.error} />
        )}
      </div>
      <Button
        size="xs"
        variant="default"
        loading={unmute.isPending}
        aria-label={t("mutes.unmuteName", { name })}
        onClick={() => unmute.mutate()}
      >
        {t("mutes.unmute")}
      </Button>
    </li>
  );
}
