import { ActionIcon, Badge, Text } from "@mantine/core";
import {
  IconArrowsShuffle,
  IconCircle,
  IconCircleFilled,
  IconDiamond,
  IconGift,
  IconHeart,
  IconPencil,
  IconRepeat,
  IconStar,
} from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { exact } from "~/ui/time";
import type { Happening, Kind } from "./feed";
import { more, sentence } from "./sentence";
import classes from "./Watch.module.css";

const ICONS: Record<Kind, typeof IconHeart> = {
  online: IconCircleFilled,
  offline: IconCircle,
  update: IconPencil,
  raid: IconArrowsShuffle,
  follow: IconHeart,
  subscribe: IconStar,
  gift: IconGift,
  cheer: IconDiamond,
};

/** Something that happened, when, and the way to see it again. */
export const FeedRow = memo(function FeedRow({
  happening,
  ago,
  replayed,
  onReplay,
}: {
  happening: Happening;
  /** How long ago that was, in words. */
  ago: string;
  replayed: boolean;
  onReplay: (position: number) => void;
}) {
  const { t } = useTranslation("watch");
  const Icon = ICONS[happening.kind];
  const said = sentence(t, happening);
  return (
    <li className={classes.row} data-replayed={replayed || undefined}>
      <Icon size={16} className={classes.icon} aria-hidden />
      <Words happening={happening} ago={ago} said={said} />
      <ActionIcon
        variant="subtle"
        color="gray"
        size={28}
        aria-label={t("replay.open", { said })}
        title={t("replay.openShort")}
        data-replay={happening.position}
        onClick={() => onReplay(happening.position)}
      >
        <IconRepeat size={16} />
      </ActionIcon>
    </li>
  );
});

/** The words of an event. */
export function Words({
  happening,
  ago,
  said,
}: {
  happening: Happening;
  ago: string;
  said: string;
}) {
  const { t, i18n } = useTranslation("watch");
  const details = more(t, happening);
  const full = exact(new Date(happening.at), i18n.language);
  return (
    <div className={classes.words}>
      <Text size="sm">
        {happening.isTest && (
          <Badge size="sm" variant="light" color="yellow" tt="none" mr={6}>
            {t("test.mark")}
          </Badge>
        )}
        {said}
      </Text>
      {details !== null && (
        <Text size="sm" c="dimmed">
          {details}
        </Text>
      )}
      <Text size="xs" c="dimmed">
        <time dateTime={happening.at} title={full}>
          {ago}
        </time>
      </Text>
    </div>
  );
}
