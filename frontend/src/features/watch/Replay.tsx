import { ActionIcon, Group, Text } from "@mantine/core";
import { IconArrowLeft, IconArrowRight, IconX } from "@tabler/icons-react";
import { useEffect, useRef, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { useNow } from "~/ui/Time";
import { relative } from "~/ui/time";
import { indexOf, type Happening } from "./feed";
import { Words } from "./FeedRow";
import { sentence } from "./sentence";
import classes from "./Watch.module.css";

/** Shows an event again, and leads from it to what came before and after. */
export function Replay({
  shown,
  position,
  onStep,
  onClose,
}: {
  shown: readonly Happening[];
  position: number;
  onStep: (position: number) => void;
  onClose: () => void;
}) {
  const { t, i18n } = useTranslation("watch");
  const now = useNow();
  const region = useRef<HTMLElement>(null);
  useEffect(() => region.current?.focus(), []);
  const at = indexOf(shown, position);
  const happening = shown[at];
  if (!happening) return null;
  const [earlier, later] = [shown[at + 1], shown[at - 1]];
  const pressed = (event: KeyboardEvent) => {
    const to = { ArrowLeft: earlier, ArrowRight: later }[event.key];
    if (to) onStep(to.position);
    if (event.key === "Escape") onClose();
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- its buttons do the same
    <section
      ref={region}
      className={classes.replay}
      aria-label={t("replay.title")}
      tabIndex={-1}
      onKeyDown={pressed}
    >
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="xs" c="dimmed">
          {t("replay.place", { at: shown.length - at, all: shown.length })}
        </Text>
        <Group gap={4} wrap="nowrap">
          <ActionIcon
            variant="default"
            size={28}
            aria-label={t("replay.earlier")}
            disabled={!earlier}
            onClick={() => earlier && onStep(earlier.position)}
          >
            <IconArrowLeft size={16} />
          </ActionIcon>
          <ActionIcon
            variant="default"
            size={28}
            aria-label={t("replay.later")}
            disabled={!later}
            onClick={() => later && onStep(later.position)}
          >
            <IconArrowRight size={16} />
          </ActionIcon>
          <ActionIcon variant="default" size={28} aria-label={t("replay.close")} onClick={onClose}>
            <IconX size={16} />
          </ActionIcon>
        </Group>
      </Group>
      <div role="status">
        <Words
          happening={happening}
          ago={relative(new Date(happening.at), now, i18n.language)}
          said={sentence(t, happening)}
        />
      </div>
    </section>
  );
}
