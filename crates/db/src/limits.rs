//! Limits that hold over all instances; see `sessions::authenticate` for the one per user.

use sqlx::PgExecutor;

/// Takes up to `batch` requests out of the present second of a limit shared by all instances.
///
/// Returns for how many seconds they are valid, or `None` when the second is used up.
pub async fn lease(
    db: impl PgExecutor<'_>,
    key: &str,
    batch: i32,
    per_second: i32,
) -> sqlx::Result<Option<f64>> {
    sqlx::query_scalar(
        "insert into rate_windows as w (key, started_at, used)
         values ($1, date_trunc('second', clock_timestamp()), $2)
         on conflict on constraint rate_windows_pkey do update
         set started_at = excluded.started_at,
             used = case when w.started_at = excluded.started_at then w.used + $2 else $2 end
         where w.started_at <> excluded.started_at or w.used + $2 <= $3
         returning extract(epoch from w.started_at + interval '1 second' - clock_timestamp())::float8",
    )
    .bind(key)
    .bind(batch)
    .bind(per_second)
    .fetch_optional(db)
    .await
}

/// Takes one out of a bucket of `burst` that fills within `seconds`; false when it is empty.
pub async fn spend(
    db: impl PgExecutor<'_>,
    key: &str,
    burst: u32,
    seconds: u32,
) -> sqlx::Result<bool> {
    let spent: Option<bool> = sqlx::query_scalar(
        "insert into rate_buckets as b (key, next_at) values ($1, clock_timestamp() + make_interval(secs => $3 / $2))
         on conflict on constraint rate_buckets_pkey do update
         set next_at = greatest(b.next_at, clock_timestamp()) + make_interval(secs => $3 / $2)
         where greatest(b.next_at, clock_timestamp()) + make_interval(secs => $3 / $2)
               <= clock_timestamp() + make_interval(secs => $3)
         returning true",
    )
    .bind(key)
    .bind(f64::from(burst))
    .bind(f64::from(seconds))
    .fetch_optional(db)
    .await?;
    Ok(spent.unwrap_or(false))
}
