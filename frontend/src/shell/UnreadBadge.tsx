import { Badge, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { countOf } from "~/ui/title";
import { useUnread } from "./unread";

/** How many messages are unread in a room; nothing where none is. */
export function UnreadBadge({ room }: { room: string }) {
  const { t } = useTranslation();
  const count = useUnread(room);
  if (count === 0) return null;
  return (
    <Badge size="sm" circle={count < 10} color="red" variant="filled">
      <span aria-hidden>{countOf(count)}</span>
      <VisuallyHidden>
        {count > 9 ? t("nav.unreadMany") : t("nav.unread", { count })}
      </VisuallyHidden>
    </Badge>
  );
}
