import { Avatar, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { meQuery } from "~/api/session";
import { paths } from "~/paths";
import { LinkButton } from "~/ui/links";
import { RemoteImage } from "~/ui/RemoteImage";
import { avatarOf } from "./avatar";
import { usePresence } from "./usePresence";
import classes from "./Presence.module.css";

/** So many pictures have room. */
const SHOWN = 3;

/** Who is in a server right now, in little room; leads to the list. Nothing where nobody else is. */
export default function HereNow({ guildId }: { guildId: string }) {
  const { t } = useTranslation("presence");
  const me = useQuery(meQuery).data?.id ?? "";
  const { list } = usePresence(guildId, { me });
  const others = list.data?.people.filter(({ user }) => user.user_id !== me) ?? [];
  const count = others.length;
  if (count === 0) return null;
  return (
    <LinkButton
      to={paths.team}
      params={{ guildId }}
      variant="subtle"
      color="gray"
      size="compact-md"
      className={classes.compact}
      aria-label={t("others", { count })}
    >
      <Avatar.Group spacing="xs" aria-hidden>
        {others.slice(0, SHOWN).map(({ user }) => (
          <RemoteImage key={user.user_id} src={avatarOf(user)} name={user.name} size={26} />
        ))}
      </Avatar.Group>
      <Text component="span" size="sm" c="var(--mantine-color-text)" ml={6} aria-hidden>
        {count}
      </Text>
    </LinkButton>
  );
}
