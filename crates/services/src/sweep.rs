//! The minute sweep: what a lost ring, a dead worker or a healed channel has left to do.

use crate::{App, preflight, worker};
use sm_types::ChannelId;
use time::Duration;
use tokio::time::Instant;

/// Webhook message ids are kept this long; Twitch's replay window is 10 minutes.
const REMEMBER_MESSAGES: Duration = Duration::days(2);
/// Degraded destinations looked at per sweep.
const CHECKS: i64 = 20;

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
    sm_db::stream_sessions::forget_messages(&app.pool, app.clock.now() - REMEMBER_MESSAGES).await?;
    sm_db::gate::forget_channels(&app.pool).await?;
    Ok(Swept { checked, healed, worker })
}

/// Looks at degraded destinations whose check is due.
async fn heal(app: &App) -> sqlx::Result<(usize, usize)> {
    let now = app.clock.now();
    let due = sm_db::destinations::claim_checks(&app.pool, now, CHECKS).await?;
    let mut healed = 0;
    for check in &due {
        let Some(channel) = check.channel_id.map(ChannelId::from_db) else { continue };
        let found =
            preflight::recheck(app, check.destination_id, check.guild_id, channel, now).await?;
        if found == Some(preflight::Health::Good) {
            healed += 1;
            tracing::info!(destination.id = %check.destination_id, "a destination is healthy again");
        }
    }
    Ok((due.len(), healed))
}
