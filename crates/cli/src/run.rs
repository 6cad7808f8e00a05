//! The app on one machine: HTTP, the worker behind the doorbell, and the minute sweep.

use sm_services::{App, sweep, worker};
use std::{future::Future, io, time::Duration};
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
    let worker = tokio::spawn(work(app.clone()));
    let sweeper = tokio::spawn(sweep_on_schedule(app));
    let served = axum::serve(listener, router).with_graceful_shutdown(shutdown).await;
    // What is under way is safe: its lease runs out and its nonce keeps it from being sent twice.
    worker.abort();
    sweeper.abort();
    served
}

/// Works at every ring, and when something planned becomes due.
pub async fn work(app: App) {
    loop {
        let sleep = match work_once(&app).await {
            Ok(sleep) => sleep,
            Err(error) => {
                tracing::warn!(%error, "the worker could not go on; it tries again");
                DATABASE_WAIT
            }
        };
        tokio::select! {
            () = app.doorbell.rung() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

async fn work_once(app: &App) -> sqlx::Result<Duration> {
    worker::run(app, Instant::now() + FOREVER).await?;
    let event = sm_db::events::next_due(&app.pool).await?;
    let subscription = sm_db::subscriptions::next_due(&app.pool).await?;
    let due = [event, subscription].into_iter().flatten().min();
    let wait = due.map_or(time::Duration::MINUTE, |due| due - app.clock.now());
    let wait = Duration::try_from(wait).unwrap_or_default();
    Ok(wait.clamp(MIN_SLEEP, SWEEP_EVERY))
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
