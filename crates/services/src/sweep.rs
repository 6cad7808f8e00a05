//! The minute sweep: what a lost ring, a dead worker or a healed channel has left to do.

use crate::{App, gate, guilds, preflight, streamers::reconcile, worker};
use sm_types::ChannelId;
use time::Duration;
use tokio::time::Instant;

/// Webhook message ids are kept this long; Twitch's replay window is 10 minutes.
const REMEMBER_MESSAGES: Duration = Duration::days(2);
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
const KEEP_ENDED_SESSIONS: Duration = Duration::days(7);
const KEEP_ENDED_INVITES: Duration = Duration::days(30);
const KEEP_AUDIT: Duration = Duration::days(365);
const KEEP_PERMISSIONS: Duration = Duration::days(1);

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
    if claim(app, "forget", FORGET_EVERY).await? {
        forget(app).await?;
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

/// Deletes what has outlived its use.
async fn forget(app: &App) -> sqlx::Result<()> {
    let (pool, now) = (&app.pool, app.clock.now());
    sm_db::stream_sessions::forget_messages(pool, now - REMEMBER_MESSAGES).await?;
    sm_db::gate::forget_channels(pool).await?;
    sm_db::limits::forget(pool).await?;
    sm_db::sessions::forget(pool, now - KEEP_ENDED_SESSIONS).await?;
    sm_db::invites::forget(pool, now - KEEP_ENDED_INVITES).await?;
    sm_db::members::forget(pool, None, now - KEEP_PERMISSIONS).await?;
    sm_db::audit::forget(pool, now - KEEP_AUDIT).await?;
    sm_db::guilds::forget(pool, now - KEEP_LEFT_GUILDS).await?;
    Ok(())
}

/// Looks at degraded destinations whose check is due.
async fn heal(app: &App) -> sqlx::Result<(usize, usize)> {
    let now = app.clock.now();
    let due = sm_db::destinations::claim_checks(&app.pool, now, CHECKS).await?;
    let mut healed = 0;
    for check in &due {
        let Some(channel) = check.channel_id.map(ChannelId::from_db) else { continue };
        if gate::pass(app, preflight::REQUESTS).await.is_err() {
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
