//! The minute sweep: what a lost ring, a dead worker or a healed channel has left to do.

use crate::{
    App,
    announce::{gate::Turns, preflight},
    guilds,
    jobs::worker,
    streamers::reconcile,
};
use sm_db::jobs::retention::{self, RULES};
use sm_types::{ChannelId, GuildId};
use time::Duration;
use tokio::time::Instant;

/// Degraded destinations looked at per sweep.
const CHECKS: i64 = 20;
/// How often Twitch's and Discord's lists are compared with ours.
const STREAMS_EVERY: Duration = Duration::minutes(2);
const SUBSCRIPTIONS_EVERY: Duration = Duration::minutes(10);
const GUILDS_EVERY: Duration = Duration::hours(6);
const NAMES_EVERY: Duration = Duration::days(1);
const FORGET_EVERY: Duration = Duration::hours(1);
/// A server that the bot has left can come back within this time as it was.
const KEEP_LEFT_GUILDS: Duration = Duration::days(30);
/// Rows deleted by one statement: a few dozen milliseconds, for which nobody waits.
const BATCH: i64 = 1_000;
/// Servers deleted per run.
const LEFT_GUILDS: i64 = 100;
/// A sweep deletes nothing more this long before its deadline.
const STOP_BEFORE: std::time::Duration = std::time::Duration::from_secs(3);

/// What a sweep has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Degraded destinations that were looked at.
    pub checked: usize,
    /// Those that are healthy again.
    pub healed: usize,
    /// What the worker did.
    pub worker: worker::Report,
}

/// Runs one sweep until `deadline`: due work first, then checks and clean-up.
pub async fn run(app: &App, deadline: Instant) -> sqlx::Result<Swept> {
    let worker = worker::run(app, deadline).await?;
    let (checked, healed) = heal(app).await?;
    compare(app).await?;
    if claim(app, "forget", FORGET_EVERY).await? && !forget(app, deadline).await? {
        // The rest in a minute, not in an hour.
        sm_db::jobs::postpone(&app.pool, "forget", app.clock.now()).await?;
    }
    Ok(Swept { checked, healed, worker })
}

async fn claim(app: &App, job: &str, every: Duration) -> sqlx::Result<bool> {
    sm_db::jobs::claim(&app.pool, job, app.clock.now(), every).await
}

/// Compares lists that are due. One that fails is left for its next turn: the others still run.
async fn compare(app: &App) -> sqlx::Result<()> {
    if claim(app, "streams", STREAMS_EVERY).await?
        && let Err(error) = reconcile::streams(app).await
    {
        tracing::warn!(%error, "the streams could not be compared");
    }
    if claim(app, "subscriptions", SUBSCRIPTIONS_EVERY).await?
        && let Err(error) = reconcile::subscriptions(app).await
    {
        tracing::warn!(%error, "the subscriptions could not be compared");
    }
    if claim(app, "names", NAMES_EVERY).await?
        && let Err(error) = reconcile::names(app).await
    {
        tracing::warn!(%error, "names and avatars could not be brought up to date");
    }
    if claim(app, "guilds", GUILDS_EVERY).await?
        && let Err(error) = guilds::reconcile::run(app).await
    {
        tracing::warn!(%error, "the servers could not be compared");
    }
    Ok(())
}

/// Deletes what has outlived its use, batch by batch; false when time ran out before it was done.
async fn forget(app: &App, deadline: Instant) -> sqlx::Result<bool> {
    let stop_at = deadline.checked_sub(STOP_BEFORE).unwrap_or(deadline);
    let in_time = || Instant::now() < stop_at && !app.is_stopping();
    for rule in RULES {
        loop {
            if !in_time() {
                return Ok(false);
            }
            if rule.apply(&app.pool, app.clock.now(), BATCH).await? < BATCH.unsigned_abs() {
                break;
            }
        }
    }
    let left = app.clock.now() - KEEP_LEFT_GUILDS;
    for guild in sm_db::guilds::left_before(&app.pool, left, LEFT_GUILDS).await? {
        let guild = GuildId::from_db(guild);
        while retention::purge_guild(&app.pool, guild, false, BATCH).await?.rows() > 0 {
            if !in_time() {
                return Ok(false);
            }
        }
        sm_db::guilds::delete(&app.pool, guild).await?;
    }
    Ok(true)
}

/// Looks at degraded destinations whose check is due.
async fn heal(app: &App) -> sqlx::Result<(usize, usize)> {
    let now = app.clock.now();
    let due = sm_db::streamers::destinations::claim_checks(&app.pool, now, CHECKS).await?;
    let mut healed = 0;
    for check in &due {
        let Some(channel) = check.channel_id.map(ChannelId::from_db) else { continue };
        if Turns::new(app).next().await.is_err() {
            // Deliveries come first; the checks are due again in a few minutes.
            break;
        }
        let found =
            preflight::recheck(app, check.destination_id, check.guild_id, channel, now).await?;
        if found == Some(preflight::Health::Good) {
            healed += 1;
            tracing::info!(destination.id = %check.destination_id, "a destination is healthy again");
        }
    }
    Ok((due.len(), healed))
}
