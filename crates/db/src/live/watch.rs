//! What somebody may watch: channels as we know them, and the feeds that are open to them.

use super::presence::is_member;
use crate::streamers::is_wanted;
use sm_types::{GuildId, TwitchUserId, UserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// A feed that somebody may see something of, with what is known of its channel.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct OpenFeed {
    #[sqlx(try_from = "String")]
    pub twitch_user_id: TwitchUserId,
    pub login: String,
    pub display_name: String,
    pub profile_image_url: Option<String>,
    pub live: bool,
    pub is_owner: bool,
    /// Kinds that servers of theirs show, whether the streamer has granted them or not.
    pub kinds: Vec<String>,
    pub granted: Vec<String>,
}

/// Somebody's own feeds and those that servers of theirs show, by login, behind a cursor.
///
/// Who is in which server is taken from what is known already: opening a feed looks again.
pub async fn feeds(
    db: impl PgExecutor<'_>,
    user: UserId,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<OpenFeed>> {
    sqlx::query_as(concat!(
        "with mine as (
           select g.guild_id, c.feed_kinds
           from users u
           cross join (select guild_id from user_guilds where user_id = $1
                       union select guild_id from guild_members where user_id = $1) as theirs
           join guilds g using (guild_id)
           join guild_config c using (guild_id)
           left join user_guilds l on l.user_id = u.user_id and l.guild_id = g.guild_id
           left join guild_members m on m.user_id = u.user_id and m.guild_id = g.guild_id
           where u.user_id = $1 and c.feed_kinds <> '{}' and ",
        is_member!(),
        "), open as (
           select f.twitch_user_id, kind from mine join guild_streamers f using (guild_id), unnest(mine.feed_kinds) as kind
           union select twitch_user_id, null from streamer_feeds where owner_id = $1
         ), page as (
           select t.twitch_user_id, t.login, t.display_name, t.profile_image_url, bool_or(open.kind is null) as is_owner,
             array_remove(array_agg(open.kind), null) as kinds
           from open join streamers t using (twitch_user_id)
           -- Only these can be listened to.
           where ($2::text is null or t.login > $2) and t.twitch_user_id ~ '^[1-9][0-9]{0,18}$'
           group by t.twitch_user_id order by t.login limit $3
         )
         select p.*, coalesce(f.granted, '{}') as granted,
           exists (select from stream_sessions x where x.twitch_user_id = p.twitch_user_id and x.ended_at is null) as live
         from page p left join streamer_feeds f using (twitch_user_id) order by p.login"
    ))
    .bind(user.to_db())
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// A channel, as it is called.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Channel {
    #[sqlx(try_from = "String")]
    pub twitch_user_id: TwitchUserId,
    pub login: String,
    pub display_name: String,
    pub profile_image_url: Option<String>,
}

/// A channel by its login, if we know it or this person watches it.
pub async fn channel(
    db: impl PgExecutor<'_>,
    user: UserId,
    login: &str,
) -> sqlx::Result<Option<Channel>> {
    sqlx::query_as(
        "(select twitch_user_id, login, display_name, profile_image_url from streamers
          where login = $2 and status = 'active' order by updated_at desc limit 1)
         union all
         select twitch_user_id, login, display_name, profile_image_url from user_favorites
         where user_id = $1 and login = $2 limit 1",
    )
    .bind(user.to_db())
    .bind(login)
    .fetch_optional(db)
    .await
}

/// A channel's stream, the one under way or the last one.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Stream {
    pub started_at: OffsetDateTime,
    /// `None`: it is under way.
    pub ended_at: Option<OffsetDateTime>,
    pub title: Option<String>,
    pub game_name: Option<String>,
    pub viewers: Option<i32>,
    pub vod_url: Option<String>,
}

/// Whether Twitch tells us of a channel, and its latest stream that we know of.
pub async fn stream(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
) -> sqlx::Result<(bool, Option<Stream>)> {
    #[derive(sqlx::FromRow)]
    struct Row {
        told: bool,
        started_at: Option<OffsetDateTime>,
        ended_at: Option<OffsetDateTime>,
        title: Option<String>,
        game_name: Option<String>,
        viewers: Option<i32>,
        vod_url: Option<String>,
    }
    let row: Option<Row> = sqlx::query_as(concat!(
        "select ",
        is_wanted!(),
        " as told, s.started_at, s.ended_at, s.viewers, s.vod_url,
           case when s.ended_at is null then coalesce(t.title, s.title) else s.title end as title,
           case when s.ended_at is null then coalesce(t.game_name, s.game_name) else s.game_name end as game_name
         from streamers t
         left join lateral (
           select * from stream_sessions x where x.twitch_user_id = t.twitch_user_id
           order by x.ended_at is null desc, x.started_at desc limit 1
         ) s on true
         where t.twitch_user_id = $1"
    ))
    .bind(streamer.as_str())
    .fetch_optional(db)
    .await?;
    let Some(Row { told, started_at, ended_at, title, game_name, viewers, vod_url }) = row else {
        return Ok((false, None));
    };
    let stream = started_at.map(|started_at| Stream {
        started_at,
        ended_at,
        title,
        game_name,
        viewers,
        vod_url,
    });
    Ok((told, stream))
}

/// A server that follows a channel.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Server {
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    pub name: String,
    /// Whether it announces the channel now.
    pub announces: bool,
    /// Whether its members may see anything of feeds.
    pub shows: bool,
}

/// Somebody's servers that follow a channel, by name.
pub async fn servers(
    db: impl PgExecutor<'_>,
    user: UserId,
    streamer: &TwitchUserId,
    limit: i64,
) -> sqlx::Result<Vec<Server>> {
    sqlx::query_as(concat!(
        "select g.guild_id, g.name, f.enabled as announces, c.feed_kinds <> '{}' as shows
         from users u
         cross join (select guild_id from user_guilds where user_id = $1
                     union select guild_id from guild_members where user_id = $1) as theirs
         join guilds g using (guild_id)
         join guild_config c using (guild_id)
         join guild_streamers f on f.guild_id = g.guild_id and f.twitch_user_id = $2
         left join user_guilds l on l.user_id = u.user_id and l.guild_id = g.guild_id
         left join guild_members m on m.user_id = u.user_id and m.guild_id = g.guild_id
         where u.user_id = $1 and ",
        is_member!(),
        " order by lower(g.name), g.guild_id limit $3"
    ))
    .bind(user.to_db())
    .bind(streamer.as_str())
    .bind(limit)
    .fetch_all(db)
    .await
}
