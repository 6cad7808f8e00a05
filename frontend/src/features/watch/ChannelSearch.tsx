import { ActionIcon, Loader, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { IconSearch, IconStar, IconStarFilled } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Schema } from "~/api/client";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import { useKeys } from "~/shell/useKeys";
import { TextLink } from "~/ui/links";
import { ProblemCard } from "~/ui/ProblemCard";
import { RemoteImage } from "~/ui/RemoteImage";
import { LiveDot } from "./LiveDot";
import type { Favorites } from "./useFavorites";
import classes from "./Watch.module.css";

type Found = Schema["ChannelFound"];

const DEBOUNCE_MS = 300;
/** What the API needs at least. */
const SHORTEST = 2;
const FITS = ["exact", "prefix", "similar"] as const;

/** Finds a channel by its name or address: to look at, or to keep. */
export function ChannelSearch({
  text,
  onChange,
  favorites,
}: {
  text: string;
  onChange: (text: string) => void;
  favorites: Favorites;
}) {
  const { t } = useTranslation("watch");
  const input = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => input.current?.focus() });
  const typed = text.trim();
  const [term] = useDebouncedValue(typed, DEBOUNCE_MS);
  const wanted = typed.length >= SHORTEST && term.length >= SHORTEST;
  const search = useQuery({ ...queries.channelSearch(term), enabled: wanted });
  const found = wanted ? (search.data ?? []) : [];
  const hint = () => {
    if (typed === "") return "";
    if (typed.length < SHORTEST) return t("search.more");
    if (search.error) return "";
    if (!search.data || search.isPlaceholderData || term !== typed) return t("search.searching");
    return t("search.found", { count: found.length });
  };
  return (
    <div role="search">
      <TextInput
        ref={input}
        label={t("search.label")}
        description={t("search.about")}
        placeholder="twitch.tv/…"
        value={text}
        maxLength={100}
        leftSection={<IconSearch size={16} />}
        rightSection={search.isFetching && <Loader size="xs" />}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && onChange("")}
      />
      <Text size="sm" c="dimmed" mt={4} role="status">
        {hint()}
      </Text>
      {search.error && wanted && (
        <ProblemCard error={search.error} onRetry={() => void search.refetch()} />
      )}
      {found.length > 0 && (
        <ul className={classes.channels} aria-label={t("search.results")}>
          {found.map((each) => (
            <FoundRow key={each.id} found={each} typed={term} favorites={favorites} />
          ))}
        </ul>
      )}
    </div>
  );
}

function FoundRow({
  found,
  typed,
  favorites,
}: {
  found: Found;
  typed: string;
  favorites: Favorites;
}) {
  const { t } = useTranslation("watch");
  const name = found.display_name;
  const fit = FITS.find((each) => each === found.match);
  return (
    <li className={classes.channel}>
      <RemoteImage src={found.avatar_url} name={name} size={36} />
      <Stack gap={0} className={classes.grow}>
        <TextLink to={paths.channel} params={{ login: found.login }} fw={600}>
          <bdi>{name}</bdi>
          {name.toLowerCase() !== found.login && ` (${found.login})`}
        </TextLink>
        <Text size="sm" c="dimmed">
          {fit && t(`search.fits.${fit}`, { typed })}
        </Text>
      </Stack>
      {found.is_live != null && <LiveDot live={found.is_live} />}
      <FavoriteToggle channel={found} favorites={favorites} />
    </li>
  );
}

/** Keeps a channel among one's own, or lets it go. */
export function FavoriteToggle({
  channel,
  favorites,
}: {
  channel: Pick<Found, "id" | "login" | "display_name" | "avatar_url" | "is_live">;
  favorites: Favorites;
}) {
  const { t } = useTranslation("watch");
  const { id, login, display_name, avatar_url, is_live } = channel;
  const kept = favorites.has(id);
  const barred = !kept && favorites.full;
  const label = t(barred ? "favorites.full" : "favorites.toggle", { name: display_name });
  return (
    <ActionIcon
      variant="subtle"
      color={kept ? "yellow" : "gray"}
      size={36}
      aria-label={label}
      title={label}
      aria-pressed={kept}
      disabled={barred || favorites.query.data === undefined}
      onClick={() => {
        const item = { id, login, display_name, avatar_url, is_live };
        if (kept) favorites.remove(item);
        else favorites.add(item);
      }}
    >
      {kept ? <IconStarFilled size={20} /> : <IconStar size={20} />}
    </ActionIcon>
  );
}
