import { Checkbox, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** What a streamer can let a feed show beyond what is public, and what Twitch calls the permission for it. */
export const FEED_GRANTS = [
  { name: "follows", scope: "moderator:read:followers" },
  { name: "subscriptions", scope: "channel:read:subscriptions" },
  { name: "cheers", scope: "bits:read" },
] as const;

export type FeedGrant = (typeof FEED_GRANTS)[number]["name"];

/** Lets a streamer choose what their feed may show, before they go to Twitch. */
export function FeedGrants({
  value,
  onChange,
}: {
  value: readonly string[];
  onChange: (grants: string[]) => void;
}) {
  const { t } = useTranslation();
  return (
    <Checkbox.Group
      label={t("grants.label")}
      description={t("grants.text")}
      value={[...value]}
      onChange={onChange}
    >
      <Stack gap="xs" mt="xs">
        {FEED_GRANTS.map(({ name, scope }) => (
          <Checkbox
            key={name}
            value={name}
            label={t(`grants.${name}.name`)}
            description={t(`grants.${name}.why`, { scope })}
          />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}
