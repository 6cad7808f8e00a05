import { ActionIcon, Alert, Button, Group, Menu, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconDots,
  IconPencil,
  IconRefresh,
  IconTrash,
  IconVolumeOff,
} from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "~/api/problem";
import { avatarOf } from "~/presence/avatar";
import { describe } from "~/ui/ProblemCard";
import { RemoteImage } from "~/ui/RemoteImage";
import { exact } from "~/ui/time";
import { useSecondsLeft } from "~/ui/useSecondsLeft";
import { MessageInput } from "./MessageInput";
import { MessageText } from "./MessageText";
import type { Failure, Message, Pending } from "./room";
import { measure } from "./text";
import classes from "./Team.module.css";

/** Who reads the room, and what they may do. */
export interface Reader {
  id: string;
  name: string;
  avatar: string;
  moderates: boolean;
}

export interface RowActions {
  onEdit: (message: Message) => void;
  onDelete: (message: Message) => void;
  onMute: (message: Message) => void;
}

/** A message with its author, its time, and what can be done with it. */
export function MessageRow({
  message,
  reader,
  names,
  actions,
}: {
  message: Message & { text: string };
  reader: Reader;
  names: readonly string[];
  actions: RowActions;
}) {
  const { t } = useTranslation("team");
  const own = message.author?.id === reader.id;
  const name = message.author?.name ?? t("gone");
  return (
    <>
      <RemoteImage src={pictureOf(message)} name={name} size={32} />
      <div className={classes.words}>
        <Head name={name} createdAt={message.createdAt} edited={message.editedAt !== null} />
        <MessageText text={message.text} names={own ? [] : names} me={reader.name} />
      </div>
      {(own || reader.moderates) && (
        <RowMenu message={message} name={name} own={own} reader={reader} actions={actions} />
      )}
    </>
  );
}

function pictureOf({ author }: Message): string | null {
  return author && avatarOf({ user_id: author.id, avatar: author.avatar });
}

function Head({ name, createdAt, edited }: { name: string; createdAt: string; edited: boolean }) {
  const { t, i18n } = useTranslation("team");
  const at = new Date(createdAt);
  const clock = new Intl.DateTimeFormat(i18n.language, { timeStyle: "short" }).format(at);
  return (
    <div className={classes.who}>
      <Text component="span" fw={600} size="sm">
        <bdi>{name}</bdi>
      </Text>
      <Text component="span" size="xs" c="dimmed">
        <time dateTime={createdAt} title={exact(at, i18n.language)}>
          {clock}
        </time>
        {edited && ` ${t("edited")}`}
      </Text>
    </div>
  );
}

function RowMenu({
  message,
  name,
  own,
  reader,
  actions,
}: {
  message: Message;
  name: string;
  own: boolean;
  reader: Reader;
  actions: RowActions;
}) {
  const { t } = useTranslation("team");
  return (
    <Menu position="bottom-end" shadow="md" returnFocus>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={32} aria-label={t("menu.label", { name })}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {own && (
          <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => actions.onEdit(message)}>
            {t("menu.edit")}
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => actions.onDelete(message)}>
          {t("menu.delete")}
        </Menu.Item>
        {!own && message.author && reader.moderates && (
          <Menu.Item
            leftSection={<IconVolumeOff size={16} />}
            onClick={() => actions.onMute(message)}
          >
            {t("menu.mute")}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** One's own message while its text is being changed. */
export function EditRow({
  message,
  onSave,
  onClose,
}: {
  message: Message & { text: string };
  onSave: (text: string) => Promise<void>;
  onClose: () => void;
}) {
  const { t } = useTranslation("team");
  const common = useTranslation();
  const [text, setText] = useState(message.text);
  const [error, setError] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);
  const save = async () => {
    setSaving(true);
    setError(null);
    try {
      if (text.trim() !== message.text) await onSave(text);
      onClose();
    } catch (cause) {
      setSaving(false);
      setError(cause instanceof Problem ? describe(common.t, cause).title : String(cause));
    }
  };
  return (
    <div className={classes.editing}>
      <MessageInput
        // Whoever asks for it wants to write.
        ref={(field) => {
          if (field && !field.dataset.begun) {
            field.dataset.begun = "true";
            field.focus();
            field.setSelectionRange(field.value.length, field.value.length);
          }
        }}
        label={t("edit.label")}
        value={text}
        error={error}
        onChange={setText}
        onSubmit={() => void save()}
        onEscape={onClose}
        actions={
          <Group gap="xs" wrap="nowrap">
            <Button
              type="submit"
              size="sm"
              loading={saving}
              disabled={measure(text).fault !== null}
            >
              {t("edit.save")}
            </Button>
            <Button size="sm" variant="default" onClick={onClose}>
              {common.t("cancel")}
            </Button>
          </Group>
        }
      />
    </div>
  );
}

/** A message that is on its way, or was not sent. */
export function PendingRow({
  pending,
  reader,
  onRetry,
  onDiscard,
}: {
  pending: Pending;
  reader: Reader;
  onRetry: () => void;
  onDiscard: () => void;
}) {
  const { t } = useTranslation("team");
  const { failure, text, createdAt } = pending;
  return (
    <>
      <RemoteImage src={reader.avatar} name={reader.name} size={32} />
      <div className={classes.words} data-pending={failure === null || undefined}>
        <Head name={reader.name} createdAt={createdAt} edited={false} />
        <MessageText text={text} names={[]} me={reader.name} />
        {failure === null ? (
          <Text size="xs" c="dimmed">
            {t("sending")}
          </Text>
        ) : (
          <NotSent
            key={failure.retryAt}
            failure={failure}
            onRetry={onRetry}
            onDiscard={onDiscard}
          />
        )}
      </div>
    </>
  );
}

function NotSent({
  failure,
  onRetry,
  onDiscard,
}: {
  failure: Failure;
  onRetry: () => void;
  onDiscard: () => void;
}) {
  const { t } = useTranslation("team");
  const left = useSecondsLeft(failure.retryAt ?? 0);
  const words = t(`failure.${failure.code as "silent"}`, { defaultValue: failure.message });
  return (
    <Alert color="red" mt={4} p="xs" role="alert" icon={<IconAlertTriangle />} title={t("notSent")}>
      <Text size="sm">{words}</Text>
      <Group gap="xs" mt="xs">
        <Button
          size="xs"
          variant="default"
          leftSection={<IconRefresh size={14} />}
          disabled={left > 0}
          onClick={onRetry}
        >
          <span aria-live="off">{left > 0 ? t("retryIn", { seconds: left }) : t("retry")}</span>
        </Button>
        <Button size="xs" variant="default" onClick={onDiscard}>
          {t("discard")}
        </Button>
      </Group>
    </Alert>
  );
}
