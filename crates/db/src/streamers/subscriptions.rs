//! EventSub subscriptions that should exist: wanted, created, tried again, deleted.

use crate::{Session, lease::Outbox};
use sm_types::{GuildId, TwitchUserId, announcement::TargetState, live::FeedGrant};
use sqlx::{AssertSqlSafe, PgExecutor};
use std::sync::LazyLock;
use time::OffsetDateTime;

/// Types that every followed streamer is subscribed with; they cost 1 each unless authorised.
pub const BASIC_TYPES: [&str; 2] = ["stream.online", "stream.offline"];
/// Types that are added once the streamer has authorised the app, when they are free.
pub const AUTHORIZED_TYPES: [&str; 2] = ["channel.update", "user.update"];

/// The type that is added for the feed, where it is kept, or for thanks in chat, and the streamer has authorised the app.
pub const FEED_TYPE: &str = "channel.raid";
/// Types that are added with what a streamer has granted to the feed.
pub const GRANTED_TYPES: [(FeedGrant, &str); 4] = [
    (FeedGrant::Follows, "channel.follow"),
    (FeedGrant::Subscriptions, "channel.subscribe"),
    (FeedGrant::Subscriptions, "channel.subscription.gift"),
    (FeedGrant::Cheers, "channel.cheer"),
];

/// The type by which the chat bot hears; its condition names the bot too.
pub const CHAT_TYPE: &str = "channel.chat.message";

/// Brings the targets of these streamers in line with who is wanted, and where the chat bot is.
///
/// A streamer is wanted while an active guild follows them, their channel is somebody's here, or the bot is in their
/// chat; what nobody needs becomes `unwanted`.
pub async fn plan(
    db: impl PgExecutor<'_>,
    streamers: &[TwitchUserId],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let (grants, granted_types): (Vec<_>, Vec<_>) =
        GRANTED_TYPES.iter().map(|(grant, kind)| (grant.as_str(), *kind)).unzip();
    sqlx::query(concat!(
        "with wanted as (
           select t.twitch_user_id, kind.type, kind.with_user
           from streamers t
           left join streamer_feeds feed on feed.twitch_user_id = t.twitch_user_id
           left join lateral (
             select c.twitch_user_id, a.bot_id from chat_channels c left join chat_accounts a on a.state = 'ready'
               and a.bot_id = coalesce(c.bot_id, (select bot_id from chat_accounts where is_service))
             where c.twitch_user_id = t.twitch_user_id and c.state = 'on') as chat on true
           cross join lateral (
             select unnest($3), ''
             union all select unnest($4), '' where t.authorized
             union all select $5, '' where t.authorized
               and (exists (select from topics where topic = 'feed:' || t.twitch_user_id)
                    or chat.bot_id is not null and exists (
                      select from chat_books b where b.twitch_user_id = t.twitch_user_id
                        and (b.events->'raid'->>'enabled')::boolean))
             union all select $8, chat.bot_id where t.authorized and chat.bot_id is not null
             union all select g.type, '' from unnest($6::text[], $7::text[]) as g (name, type)
               where t.authorized and g.name = any(feed.granted)
           ) as kind (type, with_user)
           where t.twitch_user_id = any($1) and t.status = 'active' and ",
        super::is_wanted!(),
        "
         ), added as (
           insert into eventsub_targets as x (twitch_user_id, type, with_user, next_try_at)
           select twitch_user_id, type, with_user, $2 from wanted
           -- A conflict locks the row: in the order that everybody keeps.
           order by twitch_user_id, type, with_user
           on conflict on constraint eventsub_targets_pkey do update
           set state = 'wanted', attempts = 0, next_try_at = $2, error = null, updated_at = now()
           where x.state = 'unwanted'
         )
         update eventsub_targets x set state = 'unwanted', attempts = 0, next_try_at = $2, updated_at = now()
         where x.twitch_user_id = any($1) and x.state <> 'unwanted'
           and not exists (select from wanted w where w.twitch_user_id = x.twitch_user_id and w.type = x.type
                             and w.with_user = x.with_user)"
    ))
    .bind(texts(streamers))
    .bind(now)
    .bind(BASIC_TYPES.as_slice())
    .bind(AUTHORIZED_TYPES.as_slice())
    .bind(FEED_TYPE)
    .bind(grants)
    .bind(granted_types)
    .bind(CHAT_TYPE)
    .execute(db)
    .await?;
    Ok(())
}

/// Plans anew for every streamer of a guild, which has come or gone.
pub async fn plan_guild(db: &mut Session, guild: GuildId, now: OffsetDateTime) -> sqlx::Result<()> {
    let streamers: Vec<String> =
        sqlx::query_scalar("select twitch_user_id from guild_streamers where guild_id = $1")
            .bind(guild.to_db())
            .fetch_all(&mut *db)
            .await?;
    let streamers: Vec<_> = streamers.into_iter().map(TwitchUserId).collect();
    plan(&mut *db, &streamers, now).await
}

pub(super) fn texts(streamers: &[TwitchUserId]) -> Vec<&str> {
    streamers.iter().map(TwitchUserId::as_str).collect()
}

static OUTBOX: LazyLock<Outbox> = LazyLock::new(|| Outbox {
    table: "eventsub_targets",
    key: &[("twitch_user_id", "text"), ("type", "text"), ("with_user", "text")],
    due: "next_try_at",
    open: &OPEN,
});

// A state of a newer version is left to it.
static OPEN: LazyLock<String> = LazyLock::new(|| {
    format!("state <> 'enabled' and state in ('{}')", TargetState::KNOWN.join("', '"))
});

/// A target that has something to be done.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueTarget {
    #[sqlx(try_from = "String")]
    pub twitch_user_id: TwitchUserId,
    #[sqlx(rename = "type")]
    pub kind: String,
    /// The other user it is about: of a chat, the bot that reads it. Mostly empty.
    pub with_user: String,
    #[sqlx(try_from = "String")]
    pub state: TargetState,
    /// The subscription, once there is one.
    pub subscription_id: Option<String>,
    /// Tries so far, this one included.
    pub attempts: i32,
    /// Whether Twitch had removed the account when it was last heard of.
    pub streamer_removed: bool,
}

/// Claims targets to create, to try again or to delete, and puts others off until `lease_until`.
pub async fn claim(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
    lease_until: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<DueTarget>> {
    static CLAIM: LazyLock<String> = LazyLock::new(|| {
        OUTBOX.claim(", updated_at = now()")
            + "select c.twitch_user_id, c.type, c.with_user, c.state, c.subscription_id, c.attempts,
                      t.status = 'removed' as streamer_removed
               from claimed c join streamers t using (twitch_user_id)"
    });
    sqlx::query_as(AssertSqlSafe(CLAIM.as_str()))
        .bind(now)
        .bind(lease_until)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// Gives claimed targets back, for a worker that has to stop.
pub async fn release(
    db: impl PgExecutor<'_>,
    targets: &[DueTarget],
    due_at: OffsetDateTime,
) -> sqlx::Result<()> {
    static RELEASE: LazyLock<String> = LazyLock::new(|| OUTBOX.release("", "x.state <> 'enabled'"));
    sqlx::query(AssertSqlSafe(RELEASE.as_str()))
        .bind(due_at)
        .bind(targets.iter().map(|target| target.attempts).collect::<Vec<_>>())
        .bind(targets.iter().map(|target| target.twitch_user_id.as_str()).collect::<Vec<_>>())
        .bind(targets.iter().map(|target| target.kind.as_str()).collect::<Vec<_>>())
        .bind(targets.iter().map(|target| target.with_user.as_str()).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

/// Makes a streamer's failed targets due, unless they were tried since `tried_before`; how many have
/// failed, and how many of them are due now.
pub async fn retry(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
    now: OffsetDateTime,
    tried_before: OffsetDateTime,
) -> sqlx::Result<(i64, i64)> {
    sqlx::query_as(
        "with failed as (
           select twitch_user_id, type, with_user, updated_at from eventsub_targets
           where twitch_user_id = $1 and state = 'failed' for update
         ), due as (
           update eventsub_targets x set next_try_at = $2, updated_at = $2
           from failed f where x.twitch_user_id = f.twitch_user_id and x.type = f.type and x.with_user = f.with_user
             and f.updated_at <= $3
           returning 1
         )
         select (select count(*) from failed), (select count(*) from due)",
    )
    .bind(streamer.as_str())
    .bind(now)
    .bind(tried_before)
    .fetch_one(db)
    .await
}

/// When the next target is due.
pub async fn next_due(db: impl PgExecutor<'_>) -> sqlx::Result<Option<OffsetDateTime>> {
    static NEXT_DUE: LazyLock<String> = LazyLock::new(|| OUTBOX.next_due());
    sqlx::query_scalar(AssertSqlSafe(NEXT_DUE.as_str())).fetch_one(db).await
}

/// Plans the next try of a claimed target, whatever is to be done with it.
pub async fn put_off(
    db: impl PgExecutor<'_>,
    target: &DueTarget,
    next_try_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update eventsub_targets set next_try_at = $4, updated_at = now()
         where twitch_user_id = $1 and type = $2 and attempts = $3 and with_user = $5",
    )
    .bind(target.twitch_user_id.as_str())
    .bind(&target.kind)
    .bind(target.attempts)
    .bind(next_try_at)
    .bind(&target.with_user)
    .execute(db)
    .await?;
    Ok(())
}

/// What became of a target.
#[derive(Debug, Clone)]
pub struct Progress<'a> {
    pub state: TargetState,
    pub subscription_id: Option<&'a str>,
    /// Why it failed.
    pub error: Option<&'a str>,
    /// When it is looked at again.
    pub next_try_at: OffsetDateTime,
}

/// Records what became of a target.
///
/// The challenge may have been answered before Twitch confirms the creation: a target that is enabled
/// with the same subscription stays so.
pub async fn record(
    db: impl PgExecutor<'_>,
    target: &DueTarget,
    progress: &Progress<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update eventsub_targets set state = $3, subscription_id = coalesce($4, subscription_id), error = $5,
           next_try_at = $6, attempts = case when $3 = 'enabled' then 0 else attempts end, updated_at = now()
         where twitch_user_id = $1 and type = $2 and with_user = $7 and state <> 'unwanted'
           and not (state = 'enabled' and $3 = 'pending' and subscription_id = $4)",
    )
    .bind(target.twitch_user_id.as_str())
    .bind(&target.kind)
    .bind(progress.state.as_str())
    .bind(progress.subscription_id)
    .bind(progress.error)
    .bind(progress.next_try_at)
    .bind(&target.with_user)
    .execute(db)
    .await?;
    Ok(())
}

/// Records that a challenge was answered: the subscription is about to be enabled.
pub async fn challenged(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
    kind: &str,
    with_user: &str,
    subscription: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "update eventsub_targets set state = 'enabled', subscription_id = $3, error = null, attempts = 0,
           updated_at = now()
         where twitch_user_id = $1 and type = $2 and with_user = $4 and state in ('wanted', 'pending', 'failed')",
    )
    .bind(streamer.as_str())
    .bind(kind)
    .bind(subscription)
    .bind(with_user)
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets a target that was deleted at Twitch, unless it is wanted again by now.
pub async fn removed(db: impl PgExecutor<'_>, target: &DueTarget) -> sqlx::Result<()> {
    sqlx::query(
        "with gone as (
           delete from eventsub_targets
           where twitch_user_id = $1 and type = $2 and with_user = $3 and state = 'unwanted' returning type
         )
         update chat_channels set state = 'left', updated_at = now() from gone
         where twitch_user_id = $1 and state = 'leaving' and gone.type = $4",
    )
    .bind(target.twitch_user_id.as_str())
    .bind(&target.kind)
    .bind(&target.with_user)
    .bind(CHAT_TYPE)
    .execute(db)
    .await?;
    Ok(())
}

/// How many targets are not as they should be.
pub async fn count_unsettled(db: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from eventsub_targets where state <> 'enabled'")
        .fetch_one(db)
        .await
}

/// How many targets are in which state.
pub async fn count_by_state(
    db: impl PgExecutor<'_>,
    guild: GuildId,
) -> sqlx::Result<Vec<(String, i64)>> {
    sqlx::query_as(
        "select x.state, count(*) from guild_streamers f
         cross join lateral (
           select state from eventsub_targets e where e.twitch_user_id = f.twitch_user_id and e.state <> 'unwanted' offset 0
         ) x
         where f.guild_id = $1 group by x.state order by x.state",
    )
    .bind(guild.to_db())
    .fetch_all(db)
    .await
}

/// How many targets of all guilds are in which state.
pub async fn count_all(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<(String, i64)>> {
    sqlx::query_as("select state, count(*) from eventsub_targets group by state order by state")
        .fetch_all(db)
        .await
}

/// A target for an operator.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Target {
    /// The streamer.
    #[sqlx(try_from = "String")]
    pub twitch_user_id: TwitchUserId,
    pub login: String,
    /// The type.
    #[sqlx(rename = "type")]
    pub kind: String,
    /// `wanted`, `pending`, `enabled`, `failed` or `unwanted`.
    pub state: String,
    /// The subscription, once there is one.
    pub subscription_id: Option<String>,
    /// Tries since the last success.
    pub attempts: i32,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When it is looked at again, unless it is enabled.
    pub next_try_at: OffsetDateTime,
}

/// All targets, by login.
pub async fn list(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Target>> {
    sqlx::query_as(
        "select x.twitch_user_id, t.login, x.type, x.state, x.subscription_id, x.attempts, x.error, x.next_try_at
         from eventsub_targets x join streamers t using (twitch_user_id) order by t.login, x.type",
    )
    .fetch_all(db)
    .await
}
