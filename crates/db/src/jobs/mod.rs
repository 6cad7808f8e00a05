//! Work that one instance at a time does every so often.

pub mod partitions;
pub mod retention;

use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

/// Makes a job due at another time than planned.
pub async fn postpone(
    db: impl PgExecutor<'_>,
    name: &str,
    due_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("update jobs set due_at = $2 where name = $1")
        .bind(name)
        .bind(due_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes a job when it is due and plans the next run; false when it is not due or another has it.
pub async fn claim(
    db: impl PgExecutor<'_>,
    name: &str,
    now: OffsetDateTime,
    every: Duration,
) -> sqlx::Result<bool> {
    let claimed = sqlx::query(
        "insert into jobs as j (name, due_at) values ($1, $3)
         on conflict on constraint jobs_pkey do update set due_at = $3 where j.due_at <= $2",
    )
    .bind(name)
    .bind(now)
    .bind(now + every)
    .execute(db)
    .await?;
    Ok(claimed.rows_affected() == 1)
}
