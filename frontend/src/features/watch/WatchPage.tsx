import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { queries } from "~/api/queries";
import { paths } from "~/paths";
import { Card } from "~/ui/Card";
import { TextLink } from "~/ui/links";
import { Page } from "~/ui/Page";
import { RemoteImage } from "~/ui/RemoteImage";
import { ChannelSearch, FavoriteToggle } from "./ChannelSearch";
import { FavoriteList } from "./FavoriteList";
import { LiveDot } from "./LiveDot";
import { useFavorites, type Favorites } from "./useFavorites";
import classes from "./Watch.module.css";

/** Channels to watch: one's own list, a search, and those whose feeds are open to one. */
export function WatchPage() {
  const { t } = useTranslation("watch");
  const { q = "" } = useSearch({ from: "/app/live" });
  const navigate = useNavigate({ from: paths.live });
  const favorites = useFavorites();
  return (
    <Page title={t("title")} text={t("text")}>
      <Card>
        <ChannelSearch
          text={q}
          favorites={favorites}
          onChange={(next) => void navigate({ search: { q: next || undefined }, replace: true })}
        />
      </Card>
      <Card title={t("favorites.title")}>
        <FavoriteList favorites={favorites} />
      </Card>
      <OpenFeeds favorites={favorites} />
    </Page>
  );
}

/** Channels whose feed somebody may see and that are not among their own yet. */
function OpenFeeds({ favorites }: { favorites: Favorites }) {
  const { t } = useTranslation("watch");
  const feeds = useQuery(queries.feeds);
  if (!favorites.query.data) return null;
  const others = feeds.data?.items.filter(({ streamer_id }) => !favorites.has(streamer_id)) ?? [];
  if (others.length === 0) return null;
  return (
    <Card title={t("open.title")}>
      <ul className={classes.channels} aria-label={t("open.title")}>
        {others.map(({ streamer_id: id, login, display_name, avatar_url, is_live, owner }) => (
          <li key={id} className={classes.channel}>
            <RemoteImage src={avatar_url} name={display_name} size={36} />
            <div className={classes.grow}>
              <TextLink to={paths.channel} params={{ login }} fw={600}>
                <bdi>{display_name}</bdi>
              </TextLink>
              {owner && ` · ${t("open.own")}`}
              <div>
                <LiveDot live={is_live} />
              </div>
            </div>
            <FavoriteToggle
              channel={{ id, login, display_name, avatar_url, is_live }}
              favorites={favorites}
            />
          </li>
        ))}
      </ul>
    </Card>
  );
}
