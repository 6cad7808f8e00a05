//! How the database and the work in it are doing, for operators.

use crate::Session;
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// The server's version as a number, such as 160004, and as text.
pub async fn server_version(db: impl PgExecutor<'_>) -> sqlx::Result<(i32, String)> {
    sqlx::query_as(
        "select current_setting('server_version_num')::int, current_setting('server_version')",
    )
    .fetch_one(db)
    .await
}

/// How many connections this user may have at once, those that are kept for others left out.
pub async fn connections_allowed(db: &mut Session) -> sqlx::Result<u64> {
    let allowed: i32 = sqlx::query_scalar(
        "select least(
           current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
             -- From PostgreSQL 16 on.
             - coalesce(current_setting('reserved_connections', true)::int, 0),
           (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user),
           (select nullif(datconnlimit, -1) from pg_database where datname = current_database()))",
    )
    .fetch_one(db)
    .await?;
    Ok(u64::try_from(allowed).unwrap_or(0))
}

/// The work that waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, sqlx::FromRow)]
pub struct Backlog {
    /// Events that are due or claimed.
    pub events: i64,
    /// Deliveries that are due or claimed.
    pub deliveries: i64,
    /// For how many seconds the oldest of either has been due; 0: nothing is late.
    pub oldest_seconds: f64,
    /// Destinations to which nothing can be posted now.
    pub degraded: i64,
}

/// Counts the work that waits; rows whose time is yet to come do not count.
pub async fn backlog(db: impl PgExecutor<'_>, now: OffsetDateTime) -> sqlx::Result<Backlog> {
    sqlx::query_as(
        "select e.count as events, d.count as deliveries,
           greatest(0, coalesce(extract(epoch from $1 - least(e.oldest, d.oldest)), 0))::float8 as oldest_seconds,
           (select count(*) from destinations where degraded_reason is not null) as degraded
         from (select count(*), min(due_at) as oldest from stream_events
               where finished_at is null and due_at <= $1) e,
              -- By the three indexes that hold what waits, and nothing else.
              (select sum(count)::bigint as count, min(oldest) as oldest from (
                 select count(*), min(due_at) as oldest from notification_log
                 where status = 'pending' and attempts = 0 and due_at <= $1
                 union all
                 select count(*), min(due_at) from notification_log
                 where status = 'pending' and attempts > 0 and due_at <= $1
                 union all
                 select count(*), min(due_at) from notification_log where status = 'sending' and due_at <= $1) n) d",
    )
    .bind(now)
    .fetch_one(db)
    .await
}
