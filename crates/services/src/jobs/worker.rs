//! The worker: expands events, sends deliveries and keeps subscriptions, until nothing is due or time runs out.
//!
//! A go-live rings for deliveries alone; nothing about subscriptions is asked on its way.

use crate::{
    App,
    announce::{deliver, expand},
    streamers::subscriptions,
};
use sm_aws::Ring;
use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// A worker stops claiming this long before its deadline, so that what is under way gets done.
const STOP_BEFORE: Duration = Duration::from_secs(5);

/// What a worker did for events and deliveries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Chunks expanded.
    pub chunks: usize,
    /// Attempts made, whatever their outcome.
    pub attempts: usize,
    /// Whether due work is left for another worker.
    pub work_left: bool,
}

/// Does all work until nothing is due or `deadline` is 5 seconds away; rings again when work is left.
pub async fn run(app: &App, deadline: Instant) -> sqlx::Result<Report> {
    // One that fails does not break off the other, whose requests are under way.
    let (delivered, subscribed) = tokio::join!(deliver(app, deadline), subscribe(app, deadline));
    subscribed?;
    delivered
}

/// Expands and delivers.
pub async fn deliver(app: &App, deadline: Instant) -> sqlx::Result<Report> {
    let stop_at = stop_before(deadline);
    let (progress, expanding) = watch::channel(0);
    let (chunks, sent) =
        tokio::try_join!(expand(app, stop_at, progress), deliver::run(app, stop_at, expanding),)?;
    let work_left = chunks.out_of_time || sent.work_left;
    if work_left {
        app.doorbell.ring_and_wait(Ring::Deliver).await;
    }
    Ok(Report { chunks: chunks.count, attempts: sent.attempts, work_left })
}

/// Creates and deletes subscriptions.
pub async fn subscribe(app: &App, deadline: Instant) -> sqlx::Result<()> {
    let stop_at = stop_before(deadline);
    while Instant::now() < stop_at && !app.is_stopping() {
        if subscriptions::step(app).await? == 0 {
            return Ok(());
        }
    }
    app.doorbell.ring_and_wait(Ring::Subscribe).await;
    Ok(())
}

fn stop_before(deadline: Instant) -> Instant {
    deadline.checked_sub(STOP_BEFORE).unwrap_or(deadline)
}

struct Chunks {
    count: usize,
    out_of_time: bool,
}

/// Expands until no event is due. Tells delivery of each chunk, and by hanging up that it is done.
async fn expand(
    app: &App,
    stop_at: Instant,
    progress: watch::Sender<usize>,
) -> sqlx::Result<Chunks> {
    let mut count = 0;
    while Instant::now() < stop_at && !app.is_stopping() {
        if expand::step(app).await?.is_none() {
            return Ok(Chunks { count, out_of_time: false });
        }
        count += 1;
        progress.send_replace(count);
    }
    Ok(Chunks { count, out_of_time: true })
}
