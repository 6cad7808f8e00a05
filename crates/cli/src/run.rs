//! The app on one machine: HTTP, the workers behind the doorbell, and the minute sweep.

use sm_aws::Ring;
use sm_services::{App, sweep, worker};
use std::{future::Future, io, time::Duration};
use time::OffsetDateTime;
use tokio::{net::TcpListener, time::Instant};

/// Without a deadline, a worker may take as long as there is work.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// How long to wait after the database did not answer.
const DATABASE_WAIT: Duration = Duration::from_secs(1);
/// The shortest sleep between two looks at the outbox.
const MIN_SLEEP: Duration = Duration::from_millis(20);

/// Serves HTTP and works off the outbox until `shutdown`.
pub async fn run(
    app: App,
    listener: TcpListener,
    router: axum::Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let jobs = [
        tokio::spawn(deliver(app.clone())),
        tokio::spawn(subscribe(app.clone())),
        tokio::spawn(sweep_on_schedule(app)),
    ];
    let served = axum::serve(listener, router).with_graceful_shutdown(shutdown).await;
    // What is under way is safe: its lease runs out and its nonce keeps it from being sent twice.
    jobs.iter().for_each(tokio::task::JoinHandle::abort);
    served
}

async fn deliver(app: App) {
    loop {
        let next = async {
            worker::deliver(&app, Instant::now() + FOREVER).await?;
            sm_db::events::next_due(&app.pool).await
        };
        let next = next.await;
        pause(&app, Ring::Deliver, next).await;
    }
}

async fn subscribe(app: App) {
    loop {
        let next = async {
            worker::subscribe(&app, Instant::now() + FOREVER).await?;
            sm_db::subscriptions::next_due(&app.pool).await
        };
        let next = next.await;
        pause(&app, Ring::Subscribe, next).await;
    }
}

/// Waits for a ring, or until something planned becomes due.
async fn pause(app: &App, ring: Ring, next_due: sqlx::Result<Option<OffsetDateTime>>) {
    let sleep = match next_due {
        Ok(due) => {
            let wait = due.map_or(time::Duration::MINUTE, |due| due - app.clock.now());
            Duration::try_from(wait).unwrap_or_default().clamp(MIN_SLEEP, SWEEP_EVERY)
        }
        Err(error) => {
            tracing::warn!(%error, "the worker could not go on; it tries again");
            DATABASE_WAIT
        }
    };
    tokio::select! {
        () = app.doorbell.rung(ring) => {}
        () = tokio::time::sleep(sleep) => {}
    }
}

async fn sweep_on_schedule(app: App) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    loop {
        every.tick().await;
        if let Err(error) = sweep::run(&app, Instant::now() + SWEEP_EVERY).await {
            tracing::warn!(%error, "the sweep could not go on");
        }
    }
}

/// Ends when the process is asked to stop.
pub async fn until_stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
