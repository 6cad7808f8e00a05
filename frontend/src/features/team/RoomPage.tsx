import { ActionIcon, Alert, Button, Skeleton, Stack, Text, Tooltip } from "@mantine/core";
import { IconBell, IconBellOff, IconSend, IconVolumeOff } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { setQuiet, useIsQuiet } from "~/shell/quiet-rooms";
import { Loaded } from "~/ui/Loaded";
import { Page } from "~/ui/Page";
import { useSecondsLeft } from "~/ui/useSecondsLeft";
import { DeleteDialog, MuteDialog, MutesDialog } from "./Dialogs";
import { MessageInput } from "./MessageInput";
import { MessageList } from "./MessageList";
import { visible } from "./room";
import { measure } from "./text";
import { useRoom, type LiveRoom } from "./useRoom";
import classes from "./Team.module.css";

/** What stands over the room. */
type Over = { kind: "delete" | "mute"; id: string } | { kind: "mutes" } | null;

/** A room with everything that is done in it, and what stands beside it. */
export function RoomPage({
  name,
  me,
  title,
  text,
  beside,
}: {
  /** The server's id, or that of everybody's room. */
  name: string;
  me: Schema["Me"];
  title: string;
  text: string;
  beside?: ReactNode;
}) {
  const { t } = useTranslation("team");
  const room = useRoom(name, me.id);
  const [over, setOver] = useState<Over>(null);
  const [editing, setEditing] = useState<string | null>(null);
  const composer = useRef<HTMLTextAreaElement>(null);
  const reader = {
    id: me.id,
    name: me.global_name ?? me.username,
    avatar: me.avatar_url,
    moderates: room.own?.moderates ?? false,
  };
  const loaded = {
    ...room.newest,
    // What was answered is there once it has been taken in.
    data: room.state.place === null ? undefined : room.newest.data,
  };
  const close = () => {
    setOver(null);
    // What it came from, a menu or a message, may be gone.
    setTimeout(() => composer.current?.focus(), 0);
  };
  const message = over && "id" in over ? room.state.messages.get(over.id) : undefined;
  const editLast = () => {
    const last = visible(room.state).findLast(({ author }) => author?.id === me.id);
    if (last) setEditing(last.id);
  };
  return (
    <Page
      title={title}
      text={text}
      actions={
        <>
          <QuietButton room={name} />
          {reader.moderates && (
            <Button
              variant="default"
              size="xs"
              leftSection={<IconVolumeOff size={14} />}
              onClick={() => setOver({ kind: "mutes" })}
            >
              {t("mutes.open")}
            </Button>
          )}
        </>
      }
    >
      <div className={classes.beside} data-alone={beside === undefined || undefined}>
        <Loaded query={loaded} skeleton={<Waiting />}>
          {() => (
            <section className={classes.room} aria-label={title}>
              <MessageList
                guildRoom={name}
                room={room}
                reader={reader}
                editing={editing}
                actions={{
                  onEdit: ({ id }) => setEditing(id),
                  onDelete: ({ id }) => setOver({ kind: "delete", id }),
                  onMute: ({ id }) => setOver({ kind: "mute", id }),
                }}
                onEdited={() => {
                  setEditing(null);
                  composer.current?.focus();
                }}
              />
              <Composer room={room} ref={composer} onUp={editLast} />
            </section>
          )}
        </Loaded>
        {beside}
      </div>
      {over?.kind === "delete" && message && message.text !== null && (
        <DeleteDialog
          message={{ ...message, text: message.text }}
          own={message.author?.id === me.id}
          onDelete={(reason) => room.remove(message, reason)}
          onClose={close}
        />
      )}
      {over?.kind === "mute" && message?.author && (
        <MuteDialog room={name} author={message.author} onClose={close} />
      )}
      {over?.kind === "mutes" && <MutesDialog room={name} onClose={close} />}
    </Page>
  );
}

/** Leaves a room's unread messages uncounted, in this browser. */
function QuietButton({ room }: { room: string }) {
  const { t } = useTranslation("team");
  const quiet = useIsQuiet(room);
  const Icon = quiet ? IconBellOff : IconBell;
  return (
    <Tooltip label={t(quiet ? "quiet.on" : "quiet.off")}>
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon size={14} />}
        aria-pressed={quiet}
        onClick={() => setQuiet(room, !quiet)}
      >
        {t("quiet.label")}
      </Button>
    </Tooltip>
  );
}

function Composer({
  room,
  ref,
  onUp,
}: {
  room: LiveRoom;
  ref: React.RefObject<HTMLTextAreaElement | null>;
  onUp: () => void;
}) {
  const { t } = useTranslation("team");
  const [text, setText] = useState("");
  const muted = room.state.mutedUntil !== null;
  const submit = (said: string) => {
    room.say(said.trim());
    setText("");
    ref.current?.focus();
  };
  return (
    <div className={classes.composer}>
      {room.topic === "none" && (
        <Text size="sm" c="dimmed" role="status">
          {t("polling")}
        </Text>
      )}
      {room.state.mutedUntil !== null && (
        <MutedBanner until={room.state.mutedUntil} onOver={room.unmuted} />
      )}
      <MessageInput
        ref={ref}
        label={t("input.label")}
        value={text}
        disabled={muted}
        onChange={setText}
        onSubmit={submit}
        onUp={onUp}
        actions={
          <ActionIcon
            type="submit"
            size={36}
            variant="filled"
            aria-label={t("input.send")}
            disabled={muted || measure(text).fault !== null}
          >
            <IconSend size={18} />
          </ActionIcon>
        }
      />
    </div>
  );
}

/** Until when one may not write; it goes away by itself. */
function MutedBanner({ until, onOver }: { until: number; onOver: () => void }) {
  const { t, i18n } = useTranslation("team");
  const over = useSecondsLeft(until) === 0;
  const open = useEffectEvent(onOver);
  useEffect(() => {
    if (over) open();
  }, [over]);
  const at = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" });
  return (
    <Alert color="orange" p="xs" mb="xs" role="status" icon={<IconVolumeOff />}>
      {t("muted", { until: at.format(until) })}
    </Alert>
  );
}

function Waiting() {
  return (
    <Stack gap="md" className={classes.room}>
      {Array.from({ length: 6 }, (_, row) => (
        <Skeleton key={row} height={44} radius="md" />
      ))}
    </Stack>
  );
}
