//! Feeds: what happens in a channel, what its streamer has granted, and who may see it.
//!
//! A feed is kept once somebody has wished for it: then its topic has a row. Without one, acceptance stores nothing.

use super::topics::telling;
use crate::{
    announce::{
        acceptance::{Acceptance, Notice, accepted},
        clauses::fresh_message,
    },
    chat::occasions::{MAX_WAITING, NewOccasion, occasion},
};
use serde_json::Value;
use sm_types::{
    GuildId, TwitchUserId, UserId,
    live::{FeedGrant, FeedId, FeedKind, Topic},
};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// An event as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    pub feed_event_id: Uuid,
    pub position: i64,
    pub kind: String,
    pub data: sqlx::types::Json<Value>,
    pub occurred_at: OffsetDateTime,
    pub is_test: bool,
}

/// Something that happened in a channel and changes nothing else.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    pub kind: FeedKind,
    pub data: &'a Value,
    /// What happens once within some time, whatever Twitch repeats; else each message is an event.
    pub once: Option<(&'a str, Duration)>,
}

/// Accepts an event of a channel that nothing follows from but that it is told in the feed, and `said` to in chat, or
/// not at all.
pub async fn accept(
    db: impl PgExecutor<'_>,
    notice: &Notice<'_>,
    new: &NewEvent<'_>,
    said: Option<&NewOccasion<'_>>,
) -> sqlx::Result<Acceptance> {
    let (known, window) = match new.once {
        Some((what, window)) => (ids_around(what, window, notice.occurred_at), window),
        None => (vec![notice.message_id.to_owned()], Duration::ZERO),
    };
    let (fresh, is_known, told, chats): (bool, bool, bool, bool) = sqlx::query_as(concat!(
        fresh_message!(),
        ",
         streamer as (
           select 1 from streamers where twitch_user_id = $4
         ), may as (
           select 1 from message
           where ($5::text is null or exists (
               select from streamer_feeds where twitch_user_id = $4 and $5 = any(granted)))
             and not exists (
               select from feed_events where twitch_user_id = $4 and event_id = any($6)
                 and occurred_at > $3 - $7::interval and occurred_at < $3 + $7::interval)
         ), told as (
           update topics t set position = t.position + 1, tag = left(gen_random_uuid()::text, 8), updated_at = now()
           from may where t.topic = 'feed:' || $4
           returning t.topic, t.position, t.tag
         ), feed as (
           insert into feed_events (twitch_user_id, position, event_id, kind, data, occurred_at)
           select $4, told.position, $6[1], $8, $9, $3 from told
           on conflict on constraint feed_events_event_key do nothing
           returning feed_event_id
         ), feed_event as (
           insert into topic_events (topic, position, tag, kind, subject)
           select told.topic, told.position, told.tag, 'feed', feed.feed_event_id::text from told, feed
         ), occasion as (",
        occasion!(from "message,", "$4", "$10", "$11", "$12", "$13", "$14", "$15", "$16"),
        ")
         select exists (select from message), exists (select from streamer), exists (select from feed),
           exists (select from occasion)"
    ))
    .bind(notice.message_id)
    .bind(notice.received_at)
    .bind(notice.occurred_at)
    .bind(notice.streamer.as_str())
    .bind(new.kind.grant().map(FeedGrant::as_str))
    .bind(known)
    .bind(window)
    .bind(new.kind.as_str())
    .bind(sqlx::types::Json(new.data))
    .bind(said.map(|said| said.kind))
    .bind(said.map_or("", |said| said.cause))
    .bind(said.map_or("", |said| said.user_login))
    .bind(said.map_or("", |said| said.user_name))
    .bind(said.map_or(0, |said| said.count))
    .bind(said.map_or(0.0, |said| said.lasts.as_seconds_f64()))
    .bind(MAX_WAITING)
    .fetch_one(db)
    .await?;
    Ok(Acceptance { accepted: accepted((fresh, is_known, None)), told, chats })
}

/// The id that something has in the stretch of time that a moment lies in, and those in the stretches around it.
fn ids_around(what: &str, window: Duration, at: OffsetDateTime) -> Vec<String> {
    let stretch = at.unix_timestamp() / window.whole_seconds().max(1);
    [0, -1, 1].map(|by| format!("{what}/{}", stretch + by)).to_vec()
}

/// Tells a feed of something that did not happen.
pub async fn test(
    db: impl PgExecutor<'_>,
    feed: FeedId,
    kind: FeedKind,
    data: &Value,
    now: OffsetDateTime,
) -> sqlx::Result<Row> {
    sqlx::query_as(concat!(
        "with ",
        telling!("true"),
        ", feed as (
           insert into feed_events (twitch_user_id, position, event_id, kind, data, occurred_at, is_test)
           select $2, told.position, 'test/' || gen_random_uuid(), $3, $4, $5, true from told
           returning feed_event_id, position, kind, data, occurred_at, is_test
         ), event as (
           insert into topic_events (topic, position, tag, kind, subject)
           select told.topic, told.position, told.tag, 'feed', feed.feed_event_id::text from told, feed
         )
         select * from feed"
    ))
    .bind(Topic::Feed(feed).to_string())
    .bind(feed.streamer().as_str())
    .bind(kind.as_str())
    .bind(sqlx::types::Json(data))
    .bind(now)
    .fetch_one(db)
    .await
}

/// Events by their ids.
pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[Uuid]) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as(
        "select feed_event_id, position, kind, data, occurred_at, is_test from feed_events
         where feed_event_id = any($1)",
    )
    .bind(ids)
    .fetch_all(db)
    .await
}

/// Events of some kinds before a position, the latest first.
pub async fn page(
    db: impl PgExecutor<'_>,
    feed: FeedId,
    kinds: &[&str],
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as(
        "select feed_event_id, position, kind, data, occurred_at, is_test from feed_events
         where twitch_user_id = $1 and kind = any($2) and position < $3 order by position desc limit $4",
    )
    .bind(feed.streamer().as_str())
    .bind(kinds)
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Keeps feeds from now on.
pub async fn keep(db: impl PgExecutor<'_>, streamers: &[TwitchUserId]) -> sqlx::Result<()> {
    let topics = streamers.iter().filter_map(Topic::feed).map(|topic| topic.to_string());
    sqlx::query(
        "insert into topics (topic) select t from unnest($1::text[]) as x (t) order by t
         on conflict on constraint topics_pkey do nothing",
    )
    .bind(topics.collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}

/// Keeps the feeds of a guild's streamers, or of one of them, from now on, if its members may see anything of them.
pub async fn keep_of_guild(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: Option<&TwitchUserId>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into topics (topic)
         select 'feed:' || f.twitch_user_id from guild_streamers f join guild_config c using (guild_id)
         where f.guild_id = $1 and c.feed_kinds <> '{}' and ($2::text is null or f.twitch_user_id = $2)
           -- Only these can be listened to.
           and f.twitch_user_id ~ '^[1-9][0-9]{0,18}$'
         order by 1
         on conflict on constraint topics_pkey do nothing",
    )
    .bind(guild.to_db())
    .bind(streamer.map(TwitchUserId::as_str))
    .execute(db)
    .await?;
    Ok(())
}

/// What a streamer has granted, and whose channel it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Granted {
    /// The person here who has proved last that the channel is theirs.
    pub owner_id: Option<i64>,
    pub granted: Vec<String>,
    /// What has to be granted again.
    pub lost: Vec<String>,
}

/// What a streamer has granted; `None` for one whom we do not know.
pub async fn granted(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
) -> sqlx::Result<Option<Granted>> {
    sqlx::query_as(
        "select f.owner_id, coalesce(f.granted, '{}') as granted, coalesce(f.lost, '{}') as lost
         from streamers s left join streamer_feeds f using (twitch_user_id) where s.twitch_user_id = $1",
    )
    .bind(streamer.as_str())
    .fetch_optional(db)
    .await
}

/// A streamer has linked their channel.
#[derive(Debug, Clone)]
pub struct Link<'a> {
    pub streamer: &'a TwitchUserId,
    /// Who they are here, if that is known; else it stays as it was.
    pub owner: Option<UserId>,
    /// What they have chosen, and Twitch confirms: granted, and not granted. `None`: as it was.
    pub chosen: Option<(&'a [FeedGrant], &'a [FeedGrant])>,
    pub now: OffsetDateTime,
}

/// Records what a streamer has chosen.
pub async fn link(db: impl PgExecutor<'_>, link: &Link<'_>) -> sqlx::Result<()> {
    let names = |grants: &[FeedGrant]| grants.iter().map(|g| g.as_str()).collect::<Vec<_>>();
    sqlx::query(
        "insert into streamer_feeds as f (twitch_user_id, owner_id, granted, lost, updated_at)
         values ($1, $2, coalesce($3, '{}'), coalesce($4, '{}'), $5)
         on conflict on constraint streamer_feeds_pkey do update
         set owner_id = coalesce($2, f.owner_id), granted = coalesce($3, f.granted), lost = coalesce($4, f.lost),
             updated_at = $5",
    )
    .bind(link.streamer.as_str())
    .bind(link.owner.map(UserId::to_db))
    .bind(link.chosen.map(|(granted, _)| names(granted)))
    .bind(link.chosen.map(|(_, refused)| names(refused)))
    .bind(link.now)
    .execute(db)
    .await?;
    Ok(())
}

/// Twitch does not let us have something any more that a streamer has granted; false: they had not.
pub async fn lose(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
    grant: FeedGrant,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let lost = sqlx::query(
        "update streamer_feeds set granted = array_remove(granted, $2), lost = array_append(array_remove(lost, $2), $2),
           updated_at = $3
         where twitch_user_id = $1 and $2 = any(granted)",
    )
    .bind(streamer.as_str())
    .bind(grant.as_str())
    .bind(now)
    .execute(db)
    .await?;
    Ok(lost.rows_affected() == 1)
}

/// Nobody is known as the owner of what was this person's: the channels.
pub async fn forget_owner(
    db: impl PgExecutor<'_>,
    user: UserId,
) -> sqlx::Result<Vec<TwitchUserId>> {
    let sql =
        "update streamer_feeds set owner_id = null where owner_id = $1 returning twitch_user_id";
    let ids: Vec<String> = sqlx::query_scalar(sql).bind(user.to_db()).fetch_all(db).await?;
    Ok(ids.into_iter().map(TwitchUserId).collect())
}

/// A channel of somebody's here, and what they have let its feed show.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OwnChannel {
    pub twitch_user_id: String,
    pub login: String,
    pub display_name: String,
    pub profile_image_url: Option<String>,
    pub granted: Vec<String>,
    /// What has to be granted again.
    pub lost: Vec<String>,
}

/// A person's channels, as far as they have linked them here, with what their feeds may show.
pub async fn own_channels(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Vec<OwnChannel>> {
    sqlx::query_as(
        "select s.twitch_user_id, s.login, s.display_name, s.profile_image_url, f.granted, f.lost
         from streamer_feeds f join streamers s using (twitch_user_id)
         where f.owner_id = $1 order by s.login",
    )
    .bind(user.to_db())
    .fetch_all(db)
    .await
}

/// Takes back what a channel's owner has let its feed show; `None`: everything, and the channel is nobody's here. False:
/// the channel is not theirs.
pub async fn withdraw(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
    owner: UserId,
    grant: Option<FeedGrant>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let withdrawn = sqlx::query(
        "update streamer_feeds set updated_at = $4,
           owner_id = case when $3::text is null then null else owner_id end,
           granted = case when $3::text is null then '{}' else array_remove(granted, $3) end,
           lost = case when $3::text is null then '{}' else array_remove(lost, $3) end
         where twitch_user_id = $1 and owner_id = $2",
    )
    .bind(streamer.as_str())
    .bind(owner.to_db())
    .bind(grant.map(FeedGrant::as_str))
    .bind(now)
    .execute(db)
    .await?;
    Ok(withdrawn.rows_affected() == 1)
}

/// A server that follows a streamer and of which somebody may be a member, with what is known of that.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Candidate {
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    /// What its members may see.
    pub feed_kinds: Vec<String>,
    pub member: Option<bool>,
    pub permissions: Option<i64>,
    pub checked_at: Option<OffsetDateTime>,
}

/// Servers that follow a streamer, among those that Discord has listed for somebody or in which they were seen; those
/// of which most recently something is known come first.
pub async fn candidates(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
    user: UserId,
    limit: i64,
) -> sqlx::Result<Vec<Candidate>> {
    sqlx::query_as(
        "select g.guild_id, c.feed_kinds, m.member, m.permissions, m.checked_at
         from (select guild_id from user_guilds where user_id = $2
               union select guild_id from guild_members where user_id = $2) as theirs
         join guilds g using (guild_id)
         join guild_streamers f on f.guild_id = g.guild_id and f.twitch_user_id = $1
         join guild_config c on c.guild_id = g.guild_id
         left join guild_members m on m.guild_id = g.guild_id and m.user_id = $2
         where g.status = 'active'
         order by c.feed_kinds = '{}', m.checked_at desc nulls last, g.guild_id limit $3",
    )
    .bind(streamer.as_str())
    .bind(user.to_db())
    .bind(limit)
    .fetch_all(db)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_around_a_moment_hold_all_that_is_nearer_than_one() {
        let day = Duration::DAY;
        let at = |hours: i64| OffsetDateTime::UNIX_EPOCH + Duration::hours(hours);
        for apart in [0, 1, 23] {
            let (one, two) = (ids_around("x", day, at(47)), ids_around("x", day, at(47 + apart)));
            assert!(two.contains(&one[0]) && one.contains(&two[0]), "{apart}");
        }
        assert!(!ids_around("x", day, at(100)).contains(&ids_around("x", day, at(47))[0]));
    }
}
