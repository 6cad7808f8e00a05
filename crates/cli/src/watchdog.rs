//! Notices a job that does not come back, and puts another in its place.
//!
//! Each statement and each request has a limit of its own, so that this should never happen. When it does,
//! nobody would notice: the process answers, and nothing is announced.

use sm_services::{
    App,
    jobs::{Health, Job},
};
use std::{future::Future, time::Duration};
use tokio::{
    task::{JoinError, JoinSet},
    time::sleep,
};

/// For how long a worker goes on at most before it takes over secrets that have changed, and before the
/// watchdog may expect it back.
pub(crate) const TURN: Duration = Duration::from_secs(60);
pub(crate) const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// How long to wait after a job has panicked; the next one may do the same at once.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// How long a turn of each job may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub worker: Duration,
    /// Of the sweep, whose comparisons ask Twitch and Discord page by page.
    pub sweep: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        // A worker ends its turn after TURN; what is under way then takes 15 seconds at most.
        Self { worker: TURN + Duration::from_secs(30), sweep: 5 * SWEEP_EVERY }
    }
}

impl Patience {
    pub(crate) fn of(self, job: Job) -> Duration {
        match job {
            Job::Deliver | Job::Subscribe | Job::Chat | Job::Interact => self.worker,
            Job::Sweep => self.sweep,
        }
    }
}

/// Runs a job until it ends by itself, which it does when the app stops. One whose turn takes longer than
/// `limit` is cut off, and one that panics is buried; another goes on in its place. What it had under way
/// is safe: its leases run out.
pub(crate) async fn keep<W>(app: App, job: Job, limit: Duration, work: impl Fn() -> W)
where
    W: Future<Output = ()> + Send + 'static,
{
    loop {
        let mut task = JoinSet::new();
        task.spawn(work());
        match end(&mut task, app.health(), job, limit).await {
            End::AsAsked => return,
            End::Overdue => tracing::error!(
                job = job.as_str(),
                limit_s = limit.as_secs(),
                "a job did not come back: another takes its place"
            ),
            End::Panicked(error) => {
                tracing::error!(%error, job = job.as_str(), "a job has panicked: it begins anew");
                sleep(AFTER_PANIC).await;
            }
        }
        app.health().replaced(job);
        // Not waited for: one that hangs outside of any await would never end.
        task.abort_all();
        task.detach_all();
    }
}

enum End {
    AsAsked,
    Overdue,
    Panicked(JoinError),
}

async fn end(task: &mut JoinSet<()>, health: &Health, job: Job, limit: Duration) -> End {
    let look_every = (limit / 10).clamp(Duration::from_millis(10), Duration::from_secs(1));
    loop {
        tokio::select! {
            ended = task.join_next() => return match ended {
                Some(Err(error)) if error.is_panic() => End::Panicked(error),
                _ => End::AsAsked,
            },
            () = sleep(look_every) => {
                if health.is_overdue(job, limit) {
                    return End::Overdue;
                }
            }
        }
    }
}
