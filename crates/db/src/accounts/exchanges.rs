//! Exchanges of OAuth codes: each consent is good for one, and all instances share how many there are.
//!
//! Both are buckets in `rate_buckets`: that of a consent holds one and fills when the consent is long over.

use sqlx::PgExecutor;
use std::time::Duration;

/// Whether a code may be exchanged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pass {
    /// Yes; the consent is used up by it.
    Granted,
    /// The consent was used before.
    Used,
    /// Not before this wait is over. The consent is as good as it was.
    Busy { wait: Duration },
}

/// What is shared by all exchanges with one remote.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'a> {
    /// Names the remote.
    pub key: &'a str,
    /// How many exchanges there may be within a second, and at once.
    pub per_second: u32,
}

/// Takes one exchange for a consent that is good for `lifetime` at most.
pub async fn take(
    db: impl PgExecutor<'_>,
    consent: &str,
    lifetime: Duration,
    shared: Shared<'_>,
) -> sqlx::Result<Pass> {
    let (used, taken, granted, wait): (bool, bool, bool, Option<f64>) = sqlx::query_as(
        "with consent as (
           select exists (select from rate_buckets where key = $1 and next_at > clock_timestamp()) as used
         ), slot as (
           insert into rate_buckets as b (key, next_at)
           select $2, clock_timestamp() + make_interval(secs => $3) from consent where not used
           on conflict on constraint rate_buckets_pkey do update
           set next_at = greatest(b.next_at, clock_timestamp()) + make_interval(secs => $3)
           where b.next_at + make_interval(secs => $3) <= clock_timestamp() + interval '1 second'
           returning key
         ), granted as (
           -- Of two at once with the same consent one is first; both have taken a slot by then.
           insert into rate_buckets as b (key, next_at)
           select $1, clock_timestamp() + make_interval(secs => $4) from slot
           on conflict on constraint rate_buckets_pkey do update set next_at = excluded.next_at
           where b.next_at <= clock_timestamp()
           returning key
         )
         select (select used from consent), exists (select from slot), exists (select from granted),
           (select extract(epoch from b.next_at + make_interval(secs => $3) - interval '1 second'
                                      - clock_timestamp())::float8 from rate_buckets b where b.key = $2)",
    )
    .bind(consent)
    .bind(shared.key)
    .bind(1.0 / f64::from(shared.per_second))
    .bind(lifetime.as_secs_f64())
    .fetch_one(db)
    .await?;
    Ok(match (used, taken, granted) {
        (_, _, true) => Pass::Granted,
        (true, ..) | (_, true, _) => Pass::Used,
        _ => {
            let wait = Duration::try_from_secs_f64(wait.unwrap_or_default()).unwrap_or_default();
            Pass::Busy { wait }
        }
    })
}

/// Lets nobody exchange anything for `wait`, as the remote has asked.
pub async fn hold(db: impl PgExecutor<'_>, key: &str, wait: Duration) -> sqlx::Result<()> {
    sqlx::query(
        "insert into rate_buckets as b (key, next_at)
         values ($1, clock_timestamp() + make_interval(secs => $2) + interval '1 second')
         on conflict on constraint rate_buckets_pkey do update
         set next_at = greatest(b.next_at, excluded.next_at)",
    )
    .bind(key)
    .bind(wait.as_secs_f64())
    .execute(db)
    .await?;
    Ok(())
}
