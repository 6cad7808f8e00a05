//! Limits that hold over all instances; see `sessions::authenticate` for the one per user.

use sqlx::PgExecutor;

/// What an instance may let through.
#[derive(Debug, Clone, Copy, PartialEq, sqlx::FromRow)]
pub struct Lease {
    /// How many requests.
    pub granted: i32,
    /// For how many seconds.
    pub seconds: f64,
}

/// Takes up to `batch` requests out of the present second of a limit shared by all instances; what is left
/// when that is less. `None` when the second is used up.
pub async fn lease(
    db: impl PgExecutor<'_>,
    key: &str,
    batch: i32,
    per_second: i32,
) -> sqlx::Result<Option<Lease>> {
    sqlx::query_as(
        "insert into rate_windows as w (key, started_at, used)
         values ($1, date_trunc('second', clock_timestamp()), $2)
         on conflict on constraint rate_windows_pkey do update
         -- A statement that has waited for the row's lock may come from the second before: it takes from
         -- the second that the row is in. One that lies ahead was left there by a clock that was set back.
         set started_at = case when w.started_at > clock_timestamp() then excluded.started_at
                               else greatest(w.started_at, excluded.started_at) end,
             used = case when w.started_at < excluded.started_at or w.started_at > clock_timestamp()
                         then $2 else w.used + $2 end
         where w.started_at < excluded.started_at or w.started_at > clock_timestamp() or w.used < $3
         -- It may go beyond the limit by what is not granted.
         returning $2 - greatest(w.used - $3, 0) as granted,
           extract(epoch from w.started_at + interval '1 second' - clock_timestamp())::float8 as seconds",
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

/// Takes what is in buckets of one that fill within `seconds`, out of at most `limit` of them; those that had it.
pub async fn spend_each(
    db: impl PgExecutor<'_>,
    keys: &[String],
    seconds: u32,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "with full_ones as (
           select distinct key from unnest($1::text[]) as k (key)
           where not exists (select from rate_buckets b where b.key = k.key and b.next_at > clock_timestamp())
           -- In the same order everywhere: two of these never wait for each other.
           order by key limit $3
         )
         insert into rate_buckets as b (key, next_at)
         select key, clock_timestamp() + make_interval(secs => $2) from full_ones
         on conflict on constraint rate_buckets_pkey do update set next_at = excluded.next_at
         where b.next_at <= clock_timestamp()
         returning key",
    )
    .bind(keys)
    .bind(f64::from(seconds))
    .bind(limit)
    .fetch_all(db)
    .await
}
