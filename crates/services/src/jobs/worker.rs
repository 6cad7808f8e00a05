//! The worker: expands events, sends deliveries and keeps subscriptions, until nothing is due or time runs out.
//!
//! A go-live rings for deliveries alone; nothing about subscriptions is asked on its way.

use crate::{
    App,
    announce::{
        deliver::{self, Turns},
        expand,
    },
    streamers::subscriptions,
};
use sm_aws::Ring;
use sm_db::announce::{claim, events};
use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// A worker stops claiming this long before its deadline, so that what is under way gets done.
const STOP_BEFORE: Duration = Duration::from_secs(5);

/// How often events are looked for while delivery drains what is queued; a ring within the process is heard at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);

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

/// Expands, delivers and keeps subscriptions until nothing is due or `deadline` is 5 seconds away; rings again when
/// work is left.
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
    let (delivering, busy) = watch::channel(true);
    // Neither is cut off by the other's failure: what is under way is finished and recorded.
    let (chunks, sent) = tokio::join!(
        expand(app, stop_at, progress, busy),
        deliver::run(app, stop_at, Turns { expanding, delivering })
    );
    let (chunks, sent) = (chunks?, sent?);
    let work_left = chunks.out_of_time || sent.work_left;
    if work_left {
        app.doorbell.ring_and_wait(Ring::Deliver).await;
    } else if app.doorbell.rings_later() {
        ring_when_due(app).await?;
    }
    Ok(Report { chunks: chunks.count, attempts: sent.attempts, work_left })
}

/// Rings for what is due before the next sweep: a retry in a second, an edit that waits for a message on its way.
async fn ring_when_due(app: &App) -> sqlx::Result<()> {
    let now = app.clock.now();
    let Some(due) = events::next_due(&app.pool, now).await? else { return Ok(()) };
    let wait = (due - now).max(time::Duration::SECOND);
    if wait < app.settings.sweep_every && claim::plan_ring(&app.pool, now, now + wait).await? {
        app.doorbell.ring_in(Ring::Deliver, wait.unsigned_abs()).await;
    }
    Ok(())
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

/// Expands until no event is due and delivery is idle. Tells delivery of each chunk, and by hanging up that it is done.
async fn expand(
    app: &App,
    stop_at: Instant,
    progress: watch::Sender<usize>,
    mut delivering: watch::Receiver<bool>,
) -> sqlx::Result<Chunks> {
    let mut count = 0;
    // What was expanded last, delivery may not have noticed yet.
    let mut told = false;
    while Instant::now() < stop_at && !app.is_stopping() {
        // Looked at first: a delivery that was idle before the last look at the events has sent everything.
        let gone = delivering.has_changed().is_err();
        let busy = !gone && (told || *delivering.borrow_and_update());
        told = expand::step(app).await?.is_some();
        if told {
            count += 1;
            progress.send_replace(count);
        } else if busy {
            tokio::select! {
                () = app.doorbell.rung(Ring::Deliver) => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                // An error means that delivery has ended, which the next turn notices.
                _ = delivering.changed() => {}
            }
        } else {
            return Ok(Chunks { count, out_of_time: false });
        }
    }
    Ok(Chunks { count, out_of_time: true })
}
