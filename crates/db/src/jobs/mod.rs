//! Work that one instance at a time does every so often, page by page.

pub mod partitions;
pub mod retention;

use sqlx::PgExecutor;
use time::OffsetDateTime;

/// A run that begins or goes on.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Claimed {
    /// Fences the holder's writes: it is another number once somebody else has claimed the job.
    pub turn: i64,
    /// When the run began, which may be some turns ago.
    pub begun_at: OffsetDateTime,
    /// Where the run goes on; none at its beginning.
    pub cursor: Option<String>,
    /// Failures since the last success.
    pub failures: i32,
}

/// Takes a job that is due, and keeps others off until `lease_until`.
///
/// A holder that dies leaves the job to whoever asks after that, at the page that it was at.
pub async fn claim(
    db: impl PgExecutor<'_>,
    name: &str,
    now: OffsetDateTime,
    lease_until: OffsetDateTime,
) -> sqlx::Result<Option<Claimed>> {
    sqlx::query_as(
        "insert into jobs as j (name, due_at, turn, begun_at, created_at) values ($1, $3, 1, $2, $2)
         on conflict on constraint jobs_pkey do update
         -- A lease is nothing but a due time: the version before respects it too.
         set due_at = $3, turn = j.turn + 1, begun_at = coalesce(j.begun_at, $2) where j.due_at <= $2
         returning turn, begun_at, cursor, failures",
    )
    .bind(name)
    .bind(now)
    .bind(lease_until)
    .fetch_optional(db)
    .await
}

/// Remembers where a run goes on; false when the job was lost to somebody else.
pub async fn advance(
    db: impl PgExecutor<'_>,
    name: &str,
    turn: i64,
    cursor: &str,
) -> sqlx::Result<bool> {
    let kept = sqlx::query("update jobs set cursor = $3 where name = $1 and turn = $2")
        .bind(name)
        .bind(turn)
        .bind(cursor)
        .execute(db)
        .await?;
    Ok(kept.rows_affected() == 1)
}

/// Gives a job back in the middle of its run; `due_at` is when anybody may go on.
pub async fn release(
    db: impl PgExecutor<'_>,
    name: &str,
    turn: i64,
    due_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("update jobs set due_at = $3 where name = $1 and turn = $2")
        .bind(name)
        .bind(turn)
        .bind(due_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Records that a run has come to its end, and plans the next.
pub async fn finish(
    db: impl PgExecutor<'_>,
    name: &str,
    turn: i64,
    now: OffsetDateTime,
    due_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update jobs set due_at = $4, begun_at = null, cursor = null, failures = 0, error = null, succeeded_at = $3
         where name = $1 and turn = $2",
    )
    .bind(name)
    .bind(turn)
    .bind(now)
    .bind(due_at)
    .execute(db)
    .await?;
    Ok(())
}

/// Why a turn failed, and what follows from it.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// What went wrong, in words.
    pub error: &'a str,
    /// When it is tried again.
    pub due_at: OffsetDateTime,
    /// The next try begins a run anew, for a cursor that leads nowhere.
    pub anew: bool,
}

/// Records that a turn has failed. The pages before it stay done.
pub async fn fail(
    db: impl PgExecutor<'_>,
    name: &str,
    turn: i64,
    now: OffsetDateTime,
    failure: Failure<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update jobs set due_at = $4, failures = failures + 1, failed = failed + 1, failed_at = $3, error = $5,
           cursor = case when not $6 then cursor end, begun_at = case when not $6 then begun_at end
         where name = $1 and turn = $2",
    )
    .bind(name)
    .bind(turn)
    .bind(now)
    .bind(failure.due_at)
    .bind(failure.error)
    .bind(failure.anew)
    .execute(db)
    .await?;
    Ok(())
}

/// How a job fares, for operators.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Status {
    /// As in the list of jobs.
    pub name: String,
    /// When the first turn began.
    pub created_at: OffsetDateTime,
    /// When a run has come to its end last.
    pub succeeded_at: Option<OffsetDateTime>,
    /// Turns that have failed since then.
    pub failures: i32,
    /// Turns that have ever failed.
    pub failed: i64,
    /// Why the last one of them did, until a run succeeds.
    pub error: Option<String>,
    /// When it goes on, is done again, or is taken from a holder that does not give it back.
    pub due_at: OffsetDateTime,
}

/// All jobs that have ever run, by name.
pub async fn list(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Status>> {
    sqlx::query_as(
        "select name, created_at, succeeded_at, failures, failed, error, due_at from jobs order by name",
    )
    .fetch_all(db)
    .await
}
