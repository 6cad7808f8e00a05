//! Does what is due about roles, a server's changes one after the other, until nothing is or the time is up.

use super::{grant, look};
use crate::App;
use sm_aws::Ring;
use sm_db::roles::{
    claim::{self, Claim},
    wishes,
};
use std::time::Duration as StdDuration;
use time::Duration;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

/// How long a worker may take for a member: longer than its turn and Discord are waited for.
const LEASE: Duration = Duration::seconds(30);
/// The same for the roles of a server.
const LOOK_LEASE: Duration = Duration::seconds(60);
/// Requests under way at once.
const MAX_IN_FLIGHT: usize = 8;
/// Roles of a server per look.
const ROLES_PER_LOOK: i64 = 20;
/// How often what waits for a pace is looked at.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(200);
const SHORTEST_WAIT: StdDuration = StdDuration::from_millis(5);
/// For how long a worker stays where nothing is to be had; longer than the pace of a server.
const STAYS: StdDuration = StdDuration::from_secs(2);
/// A worker stops claiming this long before its deadline.
const STOP_BEFORE: StdDuration = StdDuration::from_secs(5);
/// While announcements wait, nothing of this is sent, unless something has waited for longer than this.
const PATIENCE_S: f64 = 600.0;

/// Works until nothing is due, or until the deadline is near; how much was done.
pub async fn run(app: &App, deadline: Instant) -> sqlx::Result<usize> {
    let stop_at = deadline.checked_sub(STOP_BEFORE).unwrap_or(deadline);
    let mut flight = JoinSet::new();
    let (mut done, mut failed) = (0, None);
    let mut busy_at = Instant::now();
    loop {
        let open = Instant::now() < stop_at && !app.is_stopping() && failed.is_none();
        let mut next = None;
        if open && flight.len() < MAX_IN_FLIGHT {
            match take_up(app, &mut flight).await {
                Ok((taken, wait)) => {
                    done += taken;
                    next = wait;
                    if taken > 0 {
                        busy_at = Instant::now();
                    }
                }
                // What is under way is finished and recorded first.
                Err(error) => failed = Some(error),
            }
        }
        if flight.is_empty() {
            if let Some(error) = failed {
                return Err(error);
            }
            if !open {
                app.doorbell.ring_and_wait(Ring::Roles).await;
                return Ok(done);
            }
            let stays = busy_at.elapsed() < STAYS;
            // What is further away is found by the next look, or by the minute sweep.
            let Some(wait) = next.filter(|wait| *wait <= STAYS && stays) else { return Ok(done) };
            idle(app, wait.clamp(SHORTEST_WAIT, LOOK_EVERY)).await;
            continue;
        }
        tokio::select! {
            ended = flight.join_next() => note(ended),
            () = app.doorbell.rung(Ring::Roles), if open => {}
            () = sleep(next.unwrap_or(LOOK_EVERY).clamp(SHORTEST_WAIT, LOOK_EVERY)), if open => {}
        }
    }
}

type Flight = JoinSet<sqlx::Result<()>>;

/// Begins what is due, as far as there is room; how much, and how long until something is, or `None` when nothing waits.
async fn take_up(app: &App, flight: &mut Flight) -> sqlx::Result<(usize, Option<StdDuration>)> {
    let (pool, now) = (&app.pool, app.clock.now());
    let Some(next_s) = claim::next_due_s(pool, now).await? else { return Ok((0, None)) };
    if next_s > 0.0 {
        return Ok((0, StdDuration::try_from_secs_f64(next_s).ok()));
    }
    let mut taken = usize::from(compare(app).await?);
    if next_s > -PATIENCE_S && claim::announcements_wait(pool).await? {
        return Ok((taken, Some(LOOK_EVERY)));
    }
    let claimed = Claim {
        now,
        lease_until: now + LOOK_LEASE,
        interval: app.settings.role_interval(),
        limit: ROLES_PER_LOOK,
    };
    let roles = claim::roles(pool, &claimed).await?;
    taken += roles.len();
    if !roles.is_empty() {
        let app = app.clone();
        flight.spawn(async move { look::at(&app, roles).await });
    }
    let room = i64::try_from(MAX_IN_FLIGHT.saturating_sub(flight.len())).unwrap_or(0);
    let holders =
        claim::holders(pool, &Claim { lease_until: now + LEASE, limit: room, ..claimed }).await?;
    taken += holders.len();
    for due in holders {
        let app = app.clone();
        flight.spawn(async move { grant::attempt(&app, due).await });
    }
    // Due, and yet not to be had: it is another server's turn, or another worker is at it.
    let pace = StdDuration::try_from(claimed.interval).unwrap_or(LOOK_EVERY);
    Ok((taken, Some(if taken > 0 { SHORTEST_WAIT } else { pace.min(LOOK_EVERY) })))
}

/// Compares the wishes of one server with its rows; whether there was one.
async fn compare(app: &App) -> sqlx::Result<bool> {
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    let Some(guild) = wishes::take(&mut transaction, now).await? else { return Ok(false) };
    wishes::compare(&mut transaction, guild, wishes::Scope::default(), now).await?;
    wishes::compare_live(&mut transaction, guild, now).await?;
    transaction.commit().await?;
    Ok(true)
}

fn note(ended: Option<Result<sqlx::Result<()>, tokio::task::JoinError>>) {
    match ended {
        Some(Ok(Err(error))) => tracing::warn!(%error, "a change of a role is left to its lease"),
        Some(Err(error)) => {
            tracing::error!(%error, "a change of a role broke off; it is left to its lease");
        }
        Some(Ok(Ok(()))) | None => {}
    }
}

async fn idle(app: &App, wait: StdDuration) {
    tokio::select! {
        () = app.doorbell.rung(Ring::Roles) => {}
        () = sleep(wait) => {}
        () = app.stopped() => {}
    }
}
