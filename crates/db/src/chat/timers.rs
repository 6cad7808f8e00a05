//! Lines that are said every so often while a channel is live.

use sm_types::TwitchUserId;
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// A timer.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Timer {
    pub timer_id: Uuid,
    pub name: String,
    pub responses: Vec<String>,
    pub every_minutes: i32,
    pub min_lines: i32,
    pub enabled: bool,
    /// How often it has spoken.
    pub times: i64,
    /// When last; `None`: never.
    pub said_at: Option<OffsetDateTime>,
    pub revision: i32,
}

const COLUMNS: &str = "timer_id, name, responses, every_minutes, min_lines, enabled, times,
    nullif(said_at, '-infinity') as said_at, revision";

/// What is saved of one.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    pub name: &'a str,
    pub responses: &'a [String],
    pub every_minutes: i32,
    pub min_lines: i32,
    pub enabled: bool,
}

/// A channel's timers, oldest first.
pub async fn list(db: impl PgExecutor<'_>, channel: &TwitchUserId) -> sqlx::Result<Vec<Timer>> {
    let statement =
        format!("select {COLUMNS} from chat_timers where twitch_user_id = $1 order by timer_id");
    sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(channel.as_str()).fetch_all(db).await
}

/// A timer of a channel.
pub async fn find(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    timer: Uuid,
) -> sqlx::Result<Option<Timer>> {
    let statement =
        format!("select {COLUMNS} from chat_timers where twitch_user_id = $1 and timer_id = $2");
    let found = sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(channel.as_str()).bind(timer);
    found.fetch_optional(db).await
}

/// Stores a new timer; `None`: the channel has `most` already.
pub async fn insert(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    new: Content<'_>,
    most: i64,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "insert into chat_timers (twitch_user_id, name, responses, every_minutes, min_lines, enabled)
         select $1, $2, $3, $4, $5, $6
         where (select count(*) from chat_timers where twitch_user_id = $1) < $7
         returning timer_id",
    )
    .bind(channel.as_str())
    .bind(new.name)
    .bind(new.responses)
    .bind(new.every_minutes)
    .bind(new.min_lines)
    .bind(new.enabled)
    .bind(most)
    .fetch_optional(db)
    .await
}

/// Saves a timer made from `revision`; the new revision, or `None` when somebody has saved since.
pub async fn save(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    timer: Uuid,
    new: Content<'_>,
    revision: i32,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar(
        "update chat_timers set name = $3, responses = $4, every_minutes = $5, min_lines = $6, enabled = $7,
           revision = revision + 1, updated_at = now()
         where twitch_user_id = $1 and timer_id = $2 and revision = $8
         returning revision",
    )
    .bind(channel.as_str())
    .bind(timer)
    .bind(new.name)
    .bind(new.responses)
    .bind(new.every_minutes)
    .bind(new.min_lines)
    .bind(new.enabled)
    .bind(revision)
    .fetch_optional(db)
    .await
}

/// Deletes a timer; its name, if it was there.
pub async fn delete(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    timer: Uuid,
) -> sqlx::Result<Option<String>> {
    let deleted = sqlx::query_scalar(
        "delete from chat_timers where twitch_user_id = $1 and timer_id = $2 returning name",
    );
    deleted.bind(channel.as_str()).bind(timer).fetch_optional(db).await
}

/// A timer that speaks now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueTimer {
    pub timer_id: Uuid,
    #[sqlx(rename = "twitch_user_id", try_from = "String")]
    pub channel: TwitchUserId,
    pub responses: Vec<String>,
    /// How often it has spoken, this time included.
    pub times: i64,
}

/// Claims timers whose time has come, one of a channel at most; what was missed is not made up for.
///
/// The time runs from the last time, and from the beginning of the stream. Of several, the one that was silent longest
/// speaks, and no other within the same minute.
pub async fn claim(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<DueTimer>> {
    sqlx::query_as(
        "with due as (
           select distinct on (x.twitch_user_id) x.timer_id, p.heard
           from chat_timers x
           join chat_channels c on c.twitch_user_id = x.twitch_user_id and c.state = 'on'
           join chat_paces p on p.twitch_user_id = x.twitch_user_id
           join lateral (
             select max(started_at) as since from stream_sessions s
             where s.twitch_user_id = x.twitch_user_id and s.ended_at is null) live on live.since is not null
           where x.enabled
             and greatest(x.said_at, live.since) <= $1 - make_interval(mins => x.every_minutes)
             and p.heard - x.heard >= x.min_lines
             and not exists (select from chat_timers o where o.twitch_user_id = x.twitch_user_id
                             and o.said_at > $1 - interval '50 seconds')
           order by x.twitch_user_id, x.said_at, x.timer_id
           limit $2
         )
         update chat_timers x set times = x.times + 1, said_at = $1, heard = due.heard
         from due where x.timer_id = due.timer_id
         returning x.timer_id, x.twitch_user_id, x.responses, x.times",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Counts lines that were heard, where timers want to know.
pub async fn heard(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    lines: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "update chat_paces p set heard = heard + $2 where twitch_user_id = $1
           and exists (select from chat_timers x where x.twitch_user_id = p.twitch_user_id and x.enabled)",
    )
    .bind(channel.as_str())
    .bind(lines)
    .execute(db)
    .await?;
    Ok(())
}
