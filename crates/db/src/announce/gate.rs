//! The pace of requests to Discord, shared by all workers, and the circuit that stops them.
//!
//! The gate hands out moments in time: each reserved slot is one interval after the one before,
//! whichever worker took it, so no burst is possible. It reads the database's clock, the one
//! clock that all workers share.

use sqlx::PgExecutor;
use time::Duration;

const GLOBAL: &str = "global";
const READERS: &str = "readers";

/// What the gate answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pass {
    /// The first slot begins after this wait; further ones follow at the interval.
    Granted { wait: Duration },
    /// Too many slots are taken already, or Discord has said to wait.
    Wait(Duration),
    /// All requests are stopped for this long.
    CircuitOpen { reason: String, wait: Duration },
    /// The circuit's time is over: one worker has to try.
    Probe { reason: String },
}

/// Reserves `slots` moments for requests, `interval` apart, at most `horizon` ahead.
pub async fn reserve(
    db: impl PgExecutor<'_>,
    slots: u32,
    interval: Duration,
    horizon: Duration,
) -> sqlx::Result<Pass> {
    reserve_of(db, GLOBAL, slots, interval, horizon).await
}

/// Reserves a moment in the lane of requests that somebody at the dashboard waits for, which all of them share. It is
/// not a slot of the pace: that is reserved then.
pub async fn reserve_for_reader(
    db: impl PgExecutor<'_>,
    interval: Duration,
    horizon: Duration,
) -> sqlx::Result<Pass> {
    reserve_of(db, READERS, 1, interval, horizon).await
}

async fn reserve_of(
    db: impl PgExecutor<'_>,
    key: &str,
    slots: u32,
    interval: Duration,
    horizon: Duration,
) -> sqlx::Result<Pass> {
    let (granted, wait, reason): (bool, Option<f64>, Option<String>) = sqlx::query_as(
        "with pass as (
           insert into discord_gate as g (key, next_slot)
           values ($1, clock_timestamp() + $2 * make_interval(secs => $3))
           on conflict on constraint discord_gate_pkey do update
           set next_slot = greatest(g.next_slot, clock_timestamp()) + $2 * make_interval(secs => $3)
           where g.next_slot <= clock_timestamp() + make_interval(secs => $4)
             and (g.blocked_until is null or g.blocked_until <= clock_timestamp())
             and g.reason is null
           returning next_slot - $2 * make_interval(secs => $3) as first
         )
         select exists (select from pass),
           extract(epoch from coalesce((select first from pass),
             (select greatest(g.next_slot - make_interval(secs => $4), g.blocked_until) from discord_gate g
              where g.key = $1)) - clock_timestamp())::float8,
           (select g.reason from discord_gate g where g.key = $1)",
    )
    .bind(key)
    .bind(f64::from(slots))
    .bind(interval.as_seconds_f64())
    .bind(horizon.as_seconds_f64())
    .fetch_one(db)
    .await?;
    let wait = Duration::seconds_f64(wait.unwrap_or(0.0).max(0.0));
    Ok(match (granted, reason) {
        (true, _) => Pass::Granted { wait },
        (false, None) => Pass::Wait(wait.max(Duration::milliseconds(1))),
        (false, Some(reason)) if wait.is_zero() => Pass::Probe { reason },
        (false, Some(reason)) => Pass::CircuitOpen { reason, wait },
    })
}

/// Tells whether the circuit is open, for workers that send without a pace.
pub async fn circuit(db: impl PgExecutor<'_>) -> sqlx::Result<Option<Pass>> {
    let row: Option<(Option<String>, f64)> = sqlx::query_as(
        "select reason, extract(epoch from blocked_until - clock_timestamp())::float8
         from discord_gate where key = $1 and blocked_until is not null
           and (reason is not null or blocked_until > clock_timestamp())",
    )
    .bind(GLOBAL)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|(reason, wait)| match reason {
        None => Pass::Wait(Duration::seconds_f64(wait)),
        Some(reason) if wait <= 0.0 => Pass::Probe { reason },
        Some(reason) => Pass::CircuitOpen { reason, wait: Duration::seconds_f64(wait) },
    }))
}

/// Holds all requests back for `wait`, as Discord has asked.
pub async fn block(db: impl PgExecutor<'_>, wait: Duration) -> sqlx::Result<()> {
    set_block(db, GLOBAL, wait, None).await
}

/// Holds a channel's messages back for `wait`.
pub async fn block_channel(
    db: impl PgExecutor<'_>,
    channel: sm_types::ChannelId,
    wait: Duration,
) -> sqlx::Result<()> {
    set_block(db, &format!("channel:{channel}"), wait, None).await
}

/// Opens the circuit: no request leaves until `wait` is over and a probe has succeeded.
pub async fn open_circuit(
    db: impl PgExecutor<'_>,
    reason: &str,
    wait: Duration,
) -> sqlx::Result<()> {
    set_block(db, GLOBAL, wait, Some(reason)).await
}

async fn set_block(
    db: impl PgExecutor<'_>,
    key: &str,
    wait: Duration,
    reason: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into discord_gate as g (key, blocked_until, reason)
         values ($1, clock_timestamp() + make_interval(secs => $2), $3)
         on conflict on constraint discord_gate_pkey do update
         set blocked_until = greatest(g.blocked_until, excluded.blocked_until),
             reason = coalesce(excluded.reason, g.reason), probe_until = null",
    )
    .bind(key)
    .bind(wait.as_seconds_f64())
    .bind(reason)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the right to probe for 10 seconds; one worker at a time gets it.
pub async fn claim_probe(db: impl PgExecutor<'_>) -> sqlx::Result<bool> {
    sqlx::query(
        "update discord_gate set probe_until = clock_timestamp() + interval '10 seconds'
         where key = $1 and reason is not null and blocked_until <= clock_timestamp()
           and (probe_until is null or probe_until <= clock_timestamp())",
    )
    .bind(GLOBAL)
    .execute(db)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Closes the circuit after a probe has succeeded.
pub async fn close_circuit(db: impl PgExecutor<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "update discord_gate set reason = null, blocked_until = null, probe_until = null where key = $1",
    )
    .bind(GLOBAL)
    .execute(db)
    .await?;
    Ok(())
}

/// Counts answers towards Discord's limit of invalid requests; returns the last 10 minutes' sum.
pub async fn count_invalid(db: impl PgExecutor<'_>, count: i32) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "with counted as (
           insert into discord_invalid_requests as r (minute, count)
           values (date_trunc('minute', clock_timestamp()), $1)
           on conflict on constraint discord_invalid_requests_pkey
           do update set count = r.count + excluded.count
         ), old as (
           delete from discord_invalid_requests where minute < clock_timestamp() - interval '1 hour'
         )
         select $1 + coalesce(sum(count), 0)::bigint from discord_invalid_requests
         where minute > clock_timestamp() - interval '10 minutes'",
    )
    .bind(i64::from(count))
    .fetch_one(db)
    .await
}
