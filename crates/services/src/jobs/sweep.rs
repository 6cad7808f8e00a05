//! The minute sweep: what a lost ring, a dead worker or a healed channel has left to do, and the jobs.

use super::{schedule, worker};
use crate::{
    App,
    announce::{gate::Turns, preflight},
    chat::sender,
    interactions::follow_up,
    live::push,
};
use sm_types::ChannelId;
use tokio::time::Instant;

/// Degraded destinations looked at per sweep.
const CHECKS: i64 = 20;

/// What a sweep has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Degraded destinations that were looked at.
    pub checked: usize,
    /// Those that are healthy again.
    pub healed: usize,
    /// What the worker did.
    pub worker: worker::Report,
    /// Jobs whose turn has failed; the log and the table `jobs` say why.
    pub failed_jobs: Vec<&'static str>,
}

/// Runs one sweep until `deadline`. A large fan-out does not keep the jobs from their turns.
pub async fn run(app: &App, deadline: Instant) -> sqlx::Result<Swept> {
    let said = Box::pin(sender::run(app, deadline));
    let answered = Box::pin(follow_up::run(app, deadline));
    let (worker, pushed, said, answered, jobs) = tokio::join!(
        work(app, deadline),
        push::run(app, deadline),
        said,
        answered,
        schedule::run(app, deadline)
    );
    let (worker, checked, healed) = worker?;
    pushed?;
    said?;
    answered?;
    Ok(Swept { checked, healed, worker, failed_jobs: jobs? })
}

/// Due work first, then checks: a delivery may just have found what a check would look for.
async fn work(app: &App, deadline: Instant) -> sqlx::Result<(worker::Report, usize, usize)> {
    let worker = worker::run(app, deadline).await?;
    let (checked, healed) = heal(app).await?;
    Ok((worker, checked, healed))
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
            preflight::recheck(app, check.destination_id, check.guild_id, channel, None).await?;
        if found == Some(preflight::Health::Good) {
            healed += 1;
            tracing::info!(destination.id = %check.destination_id, "a destination is healthy again");
        }
    }
    Ok((due.len(), healed))
}
