//! Streamers and who follows them.

/// Whether Twitch is to tell of streamer `t`: an active guild follows them, or they have linked their channel here, which
/// makes their subscriptions free of cost, or the chat bot is in their chat.
macro_rules! is_wanted {
    () => {
        "(exists (
             select from guild_streamers f join guilds g using (guild_id)
             where f.twitch_user_id = t.twitch_user_id and g.status = 'active')
           or (t.authorized and exists (
             select from streamer_feeds o where o.twitch_user_id = t.twitch_user_id and o.owner_id is not null))
           or exists (
             select from chat_channels b where b.twitch_user_id = t.twitch_user_id and b.state = 'on'))"
    };
}
pub(crate) use is_wanted;

pub mod destinations;
pub mod follows;
pub mod listed;
pub mod subscriptions;

use sm_types::{GuildId, TwitchUserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// A streamer as Twitch describes them.
#[derive(Debug, Clone)]
pub struct Streamer<'a> {
    /// Twitch's id.
    pub id: &'a TwitchUserId,
    pub login: &'a str,
    pub display_name: &'a str,
    /// The avatar.
    pub profile_image_url: Option<&'a str>,
}

/// Inserts a streamer or brings names and avatar up to date, with what Twitch says at this moment.
pub async fn upsert(db: impl PgExecutor<'_>, streamer: &Streamer<'_>) -> sqlx::Result<()> {
    upsert_as_of(db, std::slice::from_ref(streamer), None).await
}

/// The same for many, none of them twice, of whom Twitch was asked at a moment: names that an event has told since
/// stay.
pub async fn upsert_all(
    db: impl PgExecutor<'_>,
    streamers: &[Streamer<'_>],
    asked_at: OffsetDateTime,
) -> sqlx::Result<()> {
    upsert_as_of(db, streamers, Some(asked_at)).await
}

async fn upsert_as_of(
    db: impl PgExecutor<'_>,
    streamers: &[Streamer<'_>],
    asked_at: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into streamers as t (twitch_user_id, login, display_name, profile_image_url)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as s (id, login, name, image)
         -- In the same order everywhere: two of these never wait for each other.
         order by s.id
         on conflict on constraint streamers_pkey do update
         set login = case when t.names_told_at > $5 then t.login else excluded.login end,
             display_name = case when t.names_told_at > $5 then t.display_name else excluded.display_name end,
             status = 'active',
             profile_image_url = coalesce(excluded.profile_image_url, t.profile_image_url),
             updated_at = now()",
    )
    .bind(streamers.iter().map(|s| s.id.as_str()).collect::<Vec<_>>())
    .bind(streamers.iter().map(|s| s.login).collect::<Vec<_>>())
    .bind(streamers.iter().map(|s| s.display_name).collect::<Vec<_>>())
    .bind(streamers.iter().map(|s| s.profile_image_url).collect::<Vec<_>>())
    .bind(asked_at)
    .execute(db)
    .await?;
    Ok(())
}

/// Remembers the avatar that Twitch gives for a streamer.
pub async fn set_avatar(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
    url: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "update streamers set profile_image_url = $2
         where twitch_user_id = $1 and profile_image_url is distinct from $2",
    )
    .bind(streamer.as_str())
    .bind(url)
    .execute(db)
    .await?;
    Ok(())
}

/// Lets a guild follow a streamer; following twice changes nothing.
pub async fn follow(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: &TwitchUserId,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into guild_streamers (guild_id, twitch_user_id) values ($1, $2) on conflict do nothing",
    )
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .execute(db)
    .await?;
    Ok(())
}

/// Records whether a streamer has authorised the app.
pub async fn set_authorized(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
    authorized: bool,
) -> sqlx::Result<()> {
    sqlx::query(
        "update streamers set authorized = $2, updated_at = now()
         where twitch_user_id = $1 and authorized <> $2",
    )
    .bind(streamer.as_str())
    .bind(authorized)
    .execute(db)
    .await?;
    Ok(())
}

/// Marks streamers whose accounts Twitch does not list any more. Until a later event, or until
/// [`upsert`] brings what Twitch lists.
pub async fn set_removed(
    db: impl PgExecutor<'_>,
    streamers: &[TwitchUserId],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update streamers set status = 'removed', updated_at = $2
         where twitch_user_id = any($1) and status <> 'removed'",
    )
    .bind(streamers.iter().map(TwitchUserId::as_str).collect::<Vec<_>>())
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Wanted streamers whose accounts Twitch did not list any more, those first who were asked about
/// longest ago.
pub async fn removed(db: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<TwitchUserId>> {
    let ids: Vec<String> = sqlx::query_scalar(concat!(
        "select t.twitch_user_id from streamers t where t.status = 'removed' and ",
        is_wanted!(),
        " order by t.updated_at limit $1"
    ))
    .bind(limit)
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(TwitchUserId).collect())
}

/// Those of these streamers whose accounts Twitch has, as far as we know.
pub async fn active(
    db: impl PgExecutor<'_>,
    streamers: &[TwitchUserId],
) -> sqlx::Result<Vec<TwitchUserId>> {
    let ids: Vec<String> = sqlx::query_scalar(
        "select twitch_user_id from streamers where twitch_user_id = any($1) and status = 'active'",
    )
    .bind(streamers.iter().map(TwitchUserId::as_str).collect::<Vec<_>>())
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(TwitchUserId).collect())
}

/// Some streamers whose accounts Twitch has, no matter which.
pub async fn some_active(db: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<TwitchUserId>> {
    let ids: Vec<String> =
        sqlx::query_scalar("select twitch_user_id from streamers where status = 'active' limit $1")
            .bind(limit)
            .fetch_all(db)
            .await?;
    Ok(ids.into_iter().map(TwitchUserId).collect())
}

/// Notes that accounts were asked about and are still gone.
pub async fn still_removed(
    db: impl PgExecutor<'_>,
    streamers: &[TwitchUserId],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update streamers set updated_at = $2 where twitch_user_id = any($1) and status = 'removed'",
    )
    .bind(streamers.iter().map(TwitchUserId::as_str).collect::<Vec<_>>())
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// A streamer as a search finds them.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Named {
    #[sqlx(try_from = "String")]
    pub twitch_user_id: TwitchUserId,
    pub login: String,
    pub display_name: String,
    pub profile_image_url: Option<String>,
}

/// Streamers whose login begins with a text, which is one of ASCII, and others that begin with its first two letters.
pub async fn like(db: impl PgExecutor<'_>, text: &str, limit: i64) -> sqlx::Result<Vec<Named>> {
    sqlx::query_as(
        "(select twitch_user_id, login, display_name, profile_image_url from streamers
          where login ~>=~ $1 and login ~<~ ($1 || chr(127)) and status = 'active' order by login using ~<~ limit $3)
         union
         (select twitch_user_id, login, display_name, profile_image_url from streamers
          where login ~>=~ $2 and login ~<~ ($2 || chr(127)) and status = 'active' order by login using ~<~ limit $3)",
    )
    .bind(text)
    .bind(text.get(..2).unwrap_or(text))
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Whether these streamers are live; `None` of one of whom Twitch is not to tell us.
pub async fn live(
    db: impl PgExecutor<'_>,
    streamers: &[TwitchUserId],
) -> sqlx::Result<Vec<(TwitchUserId, Option<bool>)>> {
    let rows: Vec<(String, Option<bool>)> = sqlx::query_as(concat!(
        "select i.id, case when ",
        is_wanted!(),
        " then exists (select from stream_sessions x where x.twitch_user_id = i.id and x.ended_at is null) end
         from unnest($1::text[]) as i (id) left join streamers t on t.twitch_user_id = i.id"
    ))
    .bind(streamers.iter().map(TwitchUserId::as_str).collect::<Vec<_>>())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(id, live)| (TwitchUserId(id), live)).collect())
}

/// Streamers of whom Twitch is to tell us, by id, behind a cursor.
pub async fn wanted(
    db: impl PgExecutor<'_>,
    after: Option<&TwitchUserId>,
    limit: i64,
) -> sqlx::Result<Vec<TwitchUserId>> {
    let ids: Vec<String> = sqlx::query_scalar(concat!(
        "select t.twitch_user_id from streamers t where ($1::text is null or t.twitch_user_id > $1) and ",
        is_wanted!(),
        " order by t.twitch_user_id limit $2"
    ))
    .bind(after.map(TwitchUserId::as_str))
    .bind(limit)
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(TwitchUserId).collect())
}
