//! The list of jobs, and how one gets its turn: claimed, page by page until the time is up, given back.
//!
//! Progress is in the database. Whoever has the next turn, in whatever process, goes on at the page that
//! the last one has not finished; nothing is repeated but that page.

use super::{
    clean_up,
    step::{BoxedStep, Failure, Run},
};
use crate::{App, chat, guilds, live, streamers::reconcile};
use sm_aws::metrics::{Counter, Gauge};
use sm_db::jobs::{self, Claimed};
use time::{Duration, OffsetDateTime};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};
use tracing::Instrument;

/// No page begins this long before the deadline. Lambda grants 30 seconds: 25 of them are used.
const STOP_BEFORE: std::time::Duration = std::time::Duration::from_secs(5);
/// A page that has not ended this long before the deadline is given up, while the job can be given back.
const CUT_BEFORE: std::time::Duration = std::time::Duration::from_secs(1);
/// How long after its deadline a holder must be dead.
const LEASE_MARGIN: Duration = Duration::seconds(5);
/// Sweeps come once a minute, give or take: what is due within this time is not put off by a minute.
const EARLY: Duration = Duration::seconds(5);
/// The longest wait after a failure.
const MAX_BACKOFF: Duration = Duration::minutes(15);
/// After so many failures in a row the run begins anew: its cursor may lead nowhere.
const ANEW_AFTER: i32 = 5;

/// Work that one instance at a time does every so often.
#[derive(Debug)]
pub struct Job {
    /// In the database, in logs and in metrics.
    pub name: &'static str,
    /// From the beginning of a run to that of the next.
    pub every: Duration,
    step: for<'a> fn(&'a App, Run<'a>) -> BoxedStep<'a>,
}

/// All of them.
pub const JOBS: &[Job] = &[
    Job {
        name: "streams",
        every: Duration::minutes(2),
        step: |app, run| Box::pin(reconcile::step_streams(app, run)),
    },
    Job {
        name: "subscriptions",
        every: Duration::minutes(10),
        step: |app, run| Box::pin(reconcile::step_subscriptions(app, run)),
    },
    Job {
        name: "guilds",
        every: Duration::hours(6),
        step: |app, run| Box::pin(guilds::reconcile::step(app, run)),
    },
    Job {
        name: "names",
        every: Duration::days(1),
        step: |app, run| Box::pin(reconcile::step_names(app, run)),
    },
    Job {
        name: "queue",
        every: Duration::minutes(1),
        step: |app, run| Box::pin(clean_up::queue(app, run)),
    },
    Job {
        name: "sockets",
        every: Duration::minutes(1),
        step: |app, run| Box::pin(live::sweep::step(app, run)),
    },
    Job {
        name: "presence",
        every: Duration::minutes(1),
        step: |app, run| Box::pin(clean_up::presence(app, run)),
    },
    Job {
        name: "chat_timers",
        every: Duration::minutes(1),
        step: |app, run| Box::pin(chat::timers::step(app, run)),
    },
    Job {
        name: "chat_accounts",
        every: Duration::hours(1),
        step: |app, run| Box::pin(chat::accounts::step(app, run)),
    },
    Job {
        name: "archive",
        every: Duration::hours(1),
        step: |app, run| Box::pin(clean_up::archive(app, run)),
    },
    Job {
        name: "partitions",
        every: Duration::hours(6),
        step: |app, run| Box::pin(clean_up::partitions(app, run)),
    },
    Job {
        name: "forget",
        every: Duration::hours(1),
        step: |app, run| Box::pin(clean_up::forget(app, run)),
    },
    Job {
        name: "left_guilds",
        every: Duration::hours(1),
        step: |app, run| Box::pin(clean_up::left_guilds(app, run)),
    },
];

/// How a turn ended.
#[derive(Debug)]
enum Ended {
    Done,
    /// The rest is for the next turn.
    OutOfTime,
    /// Somebody else has claimed the job meanwhile.
    Lost,
    Failed(Failure),
}

/// Gives every job that is due a turn until `deadline`; the names of those that have failed.
///
/// The turns are taken side by side: a slow one holds nobody up.
pub async fn run(app: &App, deadline: Instant) -> sqlx::Result<Vec<&'static str>> {
    let mut turns = JoinSet::new();
    for job in JOBS {
        let app = app.clone();
        let turn = async move { Ok((job.name, turn(&app, job, deadline).await?)) };
        turns.spawn(turn.in_current_span());
    }
    let mut failed = Vec::new();
    let mut broken = Ok(());
    while let Some(ended) = turns.join_next().await {
        match ended {
            Ok(Ok((name, true))) => failed.push(name),
            Ok(Ok(_)) => {}
            // The others still have their turns.
            Ok(Err(error)) => broken = Err(error),
            Err(error) => {
                tracing::error!(%error, "a job has crashed; it is taken up again in a minute");
            }
        }
    }
    note(app).await?;
    broken.map(|()| failed)
}

/// A turn of a job that is due; true when it has failed.
async fn turn(app: &App, job: &Job, deadline: Instant) -> sqlx::Result<bool> {
    if before(deadline, STOP_BEFORE) <= Instant::now() {
        return Ok(false);
    }
    let now = app.clock.now();
    let left = Duration::try_from(deadline - Instant::now()).unwrap_or(Duration::MINUTE);
    let lease_until = now + left + LEASE_MARGIN;
    let Some(claimed) = jobs::claim(&app.pool, job.name, now, lease_until).await? else {
        return Ok(false);
    };
    let ended = pages(app, job, &claimed, deadline).await?;
    give_back(app, job, &claimed, ended).await
}

/// Does page after page.
async fn pages(app: &App, job: &Job, claimed: &Claimed, deadline: Instant) -> sqlx::Result<Ended> {
    let (stop_at, cut_at) = (before(deadline, STOP_BEFORE), before(deadline, CUT_BEFORE));
    let mut cursor = claimed.cursor.clone();
    while Instant::now() < stop_at && !app.is_stopping() {
        let run = Run { begun_at: claimed.begun_at, cursor: cursor.as_deref() };
        let next = match timeout_at(cut_at, (job.step)(app, run)).await {
            Ok(Ok(Some(next))) => next,
            Ok(Ok(None)) => return Ok(Ended::Done),
            Ok(Err(failure)) => return Ok(Ended::Failed(failure)),
            Err(_) => return Ok(Ended::Failed(Failure::TooSlow)),
        };
        if !jobs::advance(&app.pool, job.name, claimed.turn, &next).await? {
            return Ok(Ended::Lost);
        }
        cursor = Some(next);
    }
    Ok(Ended::OutOfTime)
}

fn before(deadline: Instant, margin: std::time::Duration) -> Instant {
    deadline.checked_sub(margin).unwrap_or(deadline)
}

/// Records how a turn ended, and when the next is due; true when it has failed.
async fn give_back(app: &App, job: &Job, claimed: &Claimed, ended: Ended) -> sqlx::Result<bool> {
    let (pool, name, turn) = (&app.pool, job.name, claimed.turn);
    let now = app.clock.now();
    match ended {
        Ended::Done => {
            let due_at = (claimed.begun_at + job.every - EARLY).max(now);
            jobs::finish(pool, name, turn, now, due_at).await?;
        }
        Ended::OutOfTime => jobs::release(pool, name, turn, now).await?,
        Ended::Lost => {
            tracing::warn!(job.name = name, "a job was taken over before its turn ended");
        }
        Ended::Failed(failure) if let Some(wait) = failure.wait() => {
            tracing::info!(job.name = name, wait_s = wait.as_secs(), "a job waits: {failure}");
            jobs::release(pool, name, turn, now + wait).await?;
        }
        Ended::Failed(failure) => {
            Counter::JobFailed.count();
            let failures = claimed.failures + 1;
            let wait = backoff(job, failures);
            tracing::warn!(
                error = %failure, job.name = name, job.failures = failures, wait_s = wait.whole_seconds(),
                "a job has failed; it goes on later"
            );
            let error = failure.to_string();
            let anew = matches!(failure, Failure::Nowhere) || failures % ANEW_AFTER == 0;
            let failed = jobs::Failure { error: &error, due_at: now + wait, anew };
            jobs::fail(pool, name, turn, now, failed).await?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// 1, 2, 4, 8, 15 minutes, and never longer than from run to run.
fn backoff(job: &Job, failures: i32) -> Duration {
    let doublings = u32::try_from(failures.clamp(1, 5) - 1).unwrap_or(0);
    (Duration::MINUTE * 2_i32.pow(doublings)).min(MAX_BACKOFF).min(job.every)
}

/// For how long a job has owed a success: since the end of its last run, less what it may wait.
pub fn overdue(job: &Job, status: &jobs::Status, now: OffsetDateTime) -> Duration {
    let since = status.succeeded_at.unwrap_or(status.created_at);
    (now - since - job.every).max(Duration::ZERO)
}

async fn note(app: &App) -> sqlx::Result<()> {
    let now = app.clock.now();
    let known = jobs::list(&app.pool).await?;
    let status = |job: &Job| known.iter().find(|status| status.name == job.name);
    let longest = JOBS.iter().filter_map(|job| Some(overdue(job, status(job)?, now))).max();
    Gauge::JobOverdue.note(longest.unwrap_or_default().whole_seconds());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_after_failures_double_up_to_a_quarter_of_an_hour() {
        let minutes = |job: &str| {
            let job = JOBS.iter().find(|found| found.name == job).unwrap();
            [1, 2, 3, 4, 5, 99].map(|failures| backoff(job, failures).whole_minutes())
        };
        assert_eq!(minutes("names"), [1, 2, 4, 8, 15, 15]);
        assert_eq!(minutes("streams"), [1, 2, 2, 2, 2, 2]);
    }
}
