import { Button, Loader, Text } from "@mantine/core";
import { IconArrowDown, IconMessages } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "~/ui/EmptyState";
import { EditRow, MessageRow, PendingRow, type Reader, type RowActions } from "./MessageRow";
import type { Message } from "./room";
import { rowsOf, type Row } from "./rows";
import { useScroller, useUnread } from "./useReading";
import type { LiveRoom } from "./useRoom";
import classes from "./Team.module.css";

/** So many people, those who wrote last, can be mentioned. */
const NAMES = 50;

/** What was said, the newest at the bottom; older messages come as somebody scrolls up. */
export function MessageList({
  guildRoom,
  room,
  reader,
  editing,
  actions,
  onEdited,
}: {
  guildRoom: string;
  room: LiveRoom;
  reader: Reader;
  /** The message whose text is being changed. */
  editing: string | null;
  actions: RowActions;
  onEdited: () => void;
}) {
  const { t } = useTranslation("team");
  const { state } = room;
  const messages = state.messages;
  const latest = Math.max(0, ...Array.from(messages.values(), ({ position }) => position));
  const first = [...messages.values()].reduce<Message | null>(
    (lowest, each) => (lowest && lowest.position < each.position ? lowest : each),
    null,
  );
  const list = useRef<HTMLDivElement>(null);
  const { atEnd, toEnd } = useScroller(list, first?.id, () => void room.loadOlder());
  const { line, unseen } = useUnread(guildRoom, room.own?.read_to, latest, atEnd);
  const rows = useMemo(() => rowsOf(state, reader.id, line), [state, reader.id, line]);
  const names = useMemo(() => namesIn(messages), [messages]);
  const show = useEffectEvent(toEnd);
  const underWay = state.pending.length;
  useEffect(() => {
    // Who says something wants to see it.
    if (underWay > 0) show();
  }, [underWay]);
  return (
    <div className={classes.listing}>
      <div
        ref={list}
        className={classes.scroller}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls it
        tabIndex={0}
        aria-label={t("messages")}
        role="group"
      >
        <Older room={room} />
        {rows.length === 0 && (
          <EmptyState
            icon={<IconMessages size={40} />}
            title={t("empty.title")}
            text={t("empty.text")}
          />
        )}
        {/* What was said long ago is no news. */}
        <div role="log" aria-label={t("log")} aria-live={room.loadingOlder ? "off" : "polite"}>
          <ol className={classes.list}>
            {rows.map((row) => (
              <ListRow
                key={row.key}
                row={row}
                room={room}
                reader={reader}
                names={names}
                editing={editing}
                actions={actions}
                onEdited={onEdited}
              />
            ))}
          </ol>
        </div>
      </div>
      {!atEnd && (
        <Button
          className={classes.jump}
          size="xs"
          radius="xl"
          variant={unseen ? "filled" : "default"}
          leftSection={<IconArrowDown size={14} />}
          onClick={toEnd}
        >
          {t(unseen ? "newMessages" : "toLatest")}
        </Button>
      )}
    </div>
  );
}

/** Names of who wrote last. */
function namesIn(messages: ReadonlyMap<string, Message>): string[] {
  const latest = [...messages.values()].sort((a, b) => b.position - a.position);
  const names = new Set(latest.flatMap(({ author }) => (author ? [author.name] : [])));
  return [...names].slice(0, NAMES);
}

function Older({ room }: { room: LiveRoom }) {
  const { t } = useTranslation("team");
  if (room.state.cursor === null) return null;
  return (
    <div className={classes.older}>
      {room.olderFailed && (
        <Text size="sm" c="var(--mantine-color-error)" role="status">
          {t("olderFailed")}
        </Text>
      )}
      {room.loadingOlder ? (
        <Loader size="sm" aria-label={t("loadingOlder")} />
      ) : (
        <Button size="xs" variant="default" onClick={() => void room.loadOlder()}>
          {t("older")}
        </Button>
      )}
    </div>
  );
}

function ListRow({
  row,
  room,
  reader,
  names,
  editing,
  actions,
  onEdited,
}: {
  row: Row;
  room: LiveRoom;
  reader: Reader;
  names: readonly string[];
  editing: string | null;
  actions: RowActions;
  onEdited: () => void;
}) {
  const { t, i18n } = useTranslation("team");
  if (row.kind === "day") {
    const day = new Intl.DateTimeFormat(i18n.language, { dateStyle: "full" }).format(row.at);
    return (
      <li className={classes.separator}>
        <span>{day}</span>
      </li>
    );
  }
  if (row.kind === "unread") {
    return (
      <li className={classes.separator} data-unread>
        <span>{t("unread")}</span>
      </li>
    );
  }
  if (row.kind === "pending") {
    return (
      <li className={classes.row}>
        <PendingRow
          pending={row.pending}
          reader={reader}
          onRetry={() => room.retry(row.pending)}
          onDiscard={() => room.discard(row.pending.clientId)}
        />
      </li>
    );
  }
  const { message } = row;
  return (
    <li className={classes.row}>
      {message.id === editing ? (
        <EditRow message={message} onSave={(text) => room.edit(message, text)} onClose={onEdited} />
      ) : (
        <MessageRow message={message} reader={reader} names={names} actions={actions} />
      )}
    </li>
  );
}
