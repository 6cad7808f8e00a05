import { Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import { TextLink } from "~/ui/links";
import { Loaded } from "~/ui/Loaded";
import { RemoteImage } from "~/ui/RemoteImage";
import { avatarOf } from "./avatar";
import { InvisibleSwitch } from "./InvisibleSwitch";
import { placeOf } from "./page-name";
import { usePresence } from "./usePresence";
import classes from "./Presence.module.css";

type Person = Schema["PresentPerson"];

/** Who is in a server right now, on which page, and whether oneself is seen. */
export function PeopleHere({ guildId, me }: { guildId: string; me: string }) {
  const { t } = useTranslation("presence");
  const heading = useId();
  const { list, topic } = usePresence(guildId, { me });
  return (
    <section className={classes.card} aria-labelledby={heading}>
      <Title order={2} size="h4" id={heading}>
        {t("title")}
      </Title>
      <Loaded query={list} skeleton={<Waiting />}>
        {(data) => <People guildId={guildId} me={me} list={data} />}
      </Loaded>
      {topic === "none" && list.data && (
        <Text size="xs" c="dimmed">
          {t("polling")}
        </Text>
      )}
      <div className={classes.foot}>
        <InvisibleSwitch />
      </div>
    </section>
  );
}

function People({
  guildId,
  me,
  list,
}: {
  guildId: string;
  me: string;
  list: Schema["PresenceList"];
}) {
  const { t } = useTranslation("presence");
  const guilds = useQuery(queries.guilds);
  const manages = guilds.data?.ready.some(({ id }) => id === guildId) ?? false;
  const { people, online } = list;
  const others = people.some(({ user }) => user.user_id !== me);
  return (
    <>
      <Text size="sm" c="dimmed" role="status">
        {t("count", { count: online })}
      </Text>
      {!others && <Text size="sm">{t("alone")}</Text>}
      {people.length > 0 && (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls it
        <div className={classes.people} tabIndex={0} role="group" aria-label={t("title")}>
          <ul className={classes.list}>
            {people.map((person) => (
              <Row
                key={person.user.user_id}
                person={person}
                guildId={guildId}
                own={person.user.user_id === me}
                manages={manages}
              />
            ))}
          </ul>
        </div>
      )}
      {online > people.length && (
        <Text size="sm" c="dimmed">
          {t("more", { count: online - people.length })}
        </Text>
      )}
    </>
  );
}

function Row({
  person,
  guildId,
  own,
  manages,
}: {
  person: Person;
  guildId: string;
  own: boolean;
  manages: boolean;
}) {
  const { t } = useTranslation("presence");
  const { user, page } = person;
  const name = user.name === "" ? t("gone") : user.name;
  return (
    <li className={classes.person}>
      <RemoteImage src={avatarOf(user)} name={name} size={32} />
      <div className={classes.words}>
        <Text size="sm" fw={600} component="div">
          <bdi>{name}</bdi>
          {own && (
            <Text span size="sm" fw={400} c="dimmed">
              {" "}
              {t("you")}
            </Text>
          )}
        </Text>
        <Where guildId={guildId} page={page} manages={manages} own={own} />
      </div>
    </li>
  );
}

/** The page that somebody is on; a link for who may open it too. */
function Where({
  guildId,
  page,
  manages,
  own,
}: {
  guildId: string;
  page: Person["page"];
  manages: boolean;
  own: boolean;
}) {
  const { t } = useTranslation("presence");
  const common = useTranslation();
  const place = placeOf(guildId, page);
  if (!place) {
    return (
      <Text size="xs" c="dimmed">
        {t("elsewhere")}
      </Text>
    );
  }
  const section = common.t(place.section);
  const words = place.detail === null ? section : t("within", { section, title: place.detail });
  if (own || !(manages || place.section === "nav.team")) {
    return (
      <Text size="xs" c="dimmed" dir="auto">
        {words}
      </Text>
    );
  }
  return (
    <Text size="xs" component="div" dir="auto">
      {/* The address is whole: nothing of it is filled in. */}
      <TextLink to={place.path as typeof paths.servers}>{words}</TextLink>
    </Text>
  );
}

function Waiting() {
  return (
    <Stack gap="sm">
      <Skeleton height={14} width="40%" />
      <Skeleton height={36} radius="md" />
      <Skeleton height={36} radius="md" />
    </Stack>
  );
}
