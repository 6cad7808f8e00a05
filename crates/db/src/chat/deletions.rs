//! Viewers' lines that are to be deleted.

use sm_types::TwitchUserId;
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

/// Lines of one channel that wait to be deleted at most: a flood is for its people, who see more of it.
const MAX_QUEUED: i64 = 60;
/// After this nobody needs it any more: the line has scrolled away.
const LASTS: &str = "interval '5 minutes'";

/// A line to delete.
#[derive(Debug, Clone, Copy)]
pub struct NewDeletion<'a> {
    pub channel: &'a TwitchUserId,
    pub bot: &'a TwitchUserId,
    pub message_id: &'a str,
    pub filter: &'static str,
}

/// Puts a line on the list; false when it is there, or too many wait.
pub async fn queue(db: impl PgExecutor<'_>, new: &NewDeletion<'_>) -> sqlx::Result<bool> {
    let queued = sqlx::query(
        "insert into chat_deletions (message_id, twitch_user_id, bot_id, filter)
         select $1, twitch_user_id, $3, $4 from chat_channels c where twitch_user_id = $2 and state = 'on'
           and (select count(*) from chat_deletions d
                where d.twitch_user_id = c.twitch_user_id and d.state = 'queued') < $5
         on conflict on constraint chat_deletions_pkey do nothing",
    );
    let queued = queued
        .bind(new.message_id)
        .bind(new.channel.as_str())
        .bind(new.bot.as_str())
        .bind(new.filter)
        .bind(MAX_QUEUED);
    Ok(queued.execute(db).await?.rows_affected() > 0)
}

/// A line to delete now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueDeletion {
    pub message_id: String,
    #[sqlx(rename = "twitch_user_id", try_from = "String")]
    pub channel: TwitchUserId,
    #[sqlx(rename = "bot_id", try_from = "String")]
    pub bot: TwitchUserId,
    /// Claims so far, this one included.
    pub attempts: i32,
}

/// Claims lines, and gives up those that have waited for too long.
pub async fn claim(
    db: impl PgExecutor<'_>,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<DueDeletion>> {
    let statement = format!(
        "with late as (
           update chat_deletions set state = 'refused', reason = 'late'
           where state = 'queued' and due_at <= clock_timestamp() and heard_at <= clock_timestamp() - {LASTS}
         ), chosen as (
           select message_id from chat_deletions
           where state = 'queued' and due_at <= clock_timestamp() and heard_at > clock_timestamp() - {LASTS}
           order by due_at limit $2 for update skip locked
         )
         update chat_deletions d set attempts = d.attempts + 1,
           due_at = clock_timestamp() + make_interval(secs => $1)
         from chosen c where d.message_id = c.message_id
         returning d.message_id, d.twitch_user_id, d.bot_id, d.attempts"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(lease.as_seconds_f64())
        .bind(limit)
        .fetch_all(db)
        .await
}

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    Done,
    Refused(&'static str),
    /// It is tried again after a wait.
    Again(Duration),
}

/// Records what became of a line. One that another worker has taken over changes nothing.
pub async fn record(
    db: impl PgExecutor<'_>,
    line: &DueDeletion,
    outcome: Deleted,
) -> sqlx::Result<()> {
    let (state, reason, wait) = match outcome {
        Deleted::Done => ("deleted", None, Duration::ZERO),
        Deleted::Refused(reason) => ("refused", Some(reason), Duration::ZERO),
        Deleted::Again(wait) => ("queued", None, wait),
    };
    sqlx::query(
        "update chat_deletions set state = $3, reason = $4, due_at = clock_timestamp() + make_interval(secs => $5)
         where message_id = $1 and attempts = $2 and state = 'queued'",
    )
    .bind(&line.message_id)
    .bind(line.attempts)
    .bind(state)
    .bind(reason)
    .bind(wait.as_seconds_f64())
    .execute(db)
    .await?;
    Ok(())
}

/// A channel's filters delete nothing for a while, and what waits is given up.
pub async fn wait(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    reason: &str,
    lasts: Duration,
) -> sqlx::Result<()> {
    sqlx::query(
        "with given_up as (
           update chat_deletions set state = 'refused', reason = $2 where twitch_user_id = $1 and state = 'queued'
         )
         update chat_paces set filters_wait_reason = $2,
           filters_wait_until = clock_timestamp() + make_interval(secs => $3) where twitch_user_id = $1",
    )
    .bind(channel.as_str())
    .bind(reason)
    .bind(lasts.as_seconds_f64())
    .execute(db)
    .await?;
    Ok(())
}

/// A line that was deleted, or was to be, for people.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Seen {
    pub message_id: String,
    pub filter: String,
    pub state: String,
    pub reason: Option<String>,
    pub heard_at: OffsetDateTime,
}

/// A channel's latest deletions.
pub async fn list(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    limit: i64,
) -> sqlx::Result<Vec<Seen>> {
    sqlx::query_as(
        "select message_id, filter, state, reason, heard_at from chat_deletions
         where twitch_user_id = $1 order by heard_at desc limit $2",
    )
    .bind(channel.as_str())
    .bind(limit)
    .fetch_all(db)
    .await
}

/// What keeps a channel's filters from deleting, if anything does.
pub async fn obstacle(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    scope: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "select case
           when a.tokens is null or not $2 = any(a.scopes) then 'not_granted'
           when p.filters_wait_until > clock_timestamp() then p.filters_wait_reason end
         from chat_channels c join chat_paces p using (twitch_user_id)
         left join chat_accounts a on a.bot_id = coalesce(c.bot_id, (select bot_id from chat_accounts where is_service))
         where c.twitch_user_id = $1",
    )
    .bind(channel.as_str())
    .bind(scope)
    .fetch_optional(db)
    .await
    .map(Option::flatten)
}
