//! The app on one machine: HTTP, the workers behind the doorbell, and the minute sweep.
//!
//! Several of them share the work of one Postgres. The doorbell rings within a process only, so each also
//! looks for work every few seconds: that is how one takes over what another has accepted or left behind.

use crate::socket;
use crate::watchdog::{Patience, SWEEP_EVERY, TURN, keep};
use axum::{
    Router,
    extract::{ConnectInfo, Request, connect_info::IntoMakeServiceWithConnectInfo},
    middleware::map_request,
};
use sm_aws::Ring;
use sm_services::{
    App, LazyApp,
    chat::sender,
    interactions::follow_up,
    jobs::{Job, sweep, worker},
};
use std::{future::Future, io, net::SocketAddr, time::Duration};
use time::OffsetDateTime;
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

/// How long after another process has accepted something it is noticed here.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long to wait after the database did not answer.
const DATABASE_WAIT: Duration = Duration::from_secs(1);
/// The shortest sleep between two looks at the outbox.
const MIN_SLEEP: Duration = Duration::from_millis(20);
/// How long requests and deliveries that are under way may take once we are asked to stop. Discord is
/// waited for 5 seconds at most.
pub const GRACE: Duration = Duration::from_secs(15);

/// Serves HTTP and works off the outbox until `shutdown`; then finishes what is under way.
///
/// Secrets that change meanwhile are taken over, whether requests come or not.
pub async fn run(
    app: impl Into<LazyApp>,
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    run_with(Patience::default(), app, listener, router, shutdown).await
}

/// The same with a patience of the watchdog's own.
pub async fn run_with(
    patience: Patience,
    app: impl Into<LazyApp>,
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let lazy = app.into();
    let app = lazy.get().await.map_err(io::Error::other)?;
    // Which way the database is reached is tried before the first webhook waits for that. One that is away is
    // noticed by whoever needs it.
    let _ = app.pool.acquire().await;
    let jobs = Job::ALL.map(|job| {
        let lazy = lazy.clone();
        tokio::spawn(keep(app.clone(), job, patience.of(job), move || work(job, lazy.clone())))
    });
    let sockets = tokio::spawn(socket::attend(lazy.clone()));
    let stopping = app.clone();
    let server = axum::serve(listener, with_peers(router)).with_graceful_shutdown(async move {
        shutdown.await;
        tracing::info!("stopping: what is under way is finished");
        stopping.stop();
    });
    let too_long = async {
        app.stopped().await;
        sleep(GRACE).await;
    };
    let served = tokio::select! {
        served = server => served,
        () = too_long => Ok(()),
    };
    app.stop();
    finish(jobs).await;
    // Each has been told to come back by then, or does not answer.
    let _ = sockets.await;
    served
}

/// Tells the API who is at the other end of each connection.
pub fn with_peers(router: Router) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
    async fn tell(ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request) -> Request {
        request.extensions_mut().insert(sm_api::Peer(peer.ip()));
        request
    }
    router.layer(map_request(tell)).into_make_service_with_connect_info()
}

/// Waits for the jobs. What takes longer is cut off and yet safe: its lease runs out, and its nonce keeps
/// it from being sent twice.
async fn finish(jobs: [JoinHandle<()>; Job::ALL.len()]) {
    let until = Instant::now() + GRACE;
    for mut job in jobs {
        if timeout(until - Instant::now(), &mut job).await.is_err() {
            tracing::warn!("something did not finish in time: another server takes it over");
            job.abort();
        }
    }
}

/// The app with the secrets of now; `None` once it is to stop.
async fn at_work(lazy: &LazyApp) -> Option<App> {
    // It was built before the jobs began: there is always one.
    lazy.get().await.ok().filter(|app| !app.is_stopping())
}

async fn work(job: Job, lazy: LazyApp) {
    match job {
        Job::Deliver => deliver(lazy).await,
        Job::Subscribe => subscribe(lazy).await,
        Job::Chat => chat(lazy).await,
        Job::Interact => interact(lazy).await,
        Job::Sweep => sweep_on_schedule(lazy).await,
    }
}

/// One turn of a job, with its signs of life.
async fn turn<T>(
    app: &App,
    job: Job,
    work: impl Future<Output = sqlx::Result<T>>,
) -> sqlx::Result<T> {
    app.health().begin(job);
    let done = work.await;
    app.health().end(job, done.is_ok());
    done
}

async fn deliver(lazy: LazyApp) {
    while let Some(app) = at_work(&lazy).await {
        let work = async {
            worker::deliver(&app, Instant::now() + TURN).await?;
            sm_db::announce::events::next_due(&app.pool, app.clock.now()).await
        };
        let next = turn(&app, Job::Deliver, work).await;
        pause(&app, Ring::Deliver, next).await;
    }
}

async fn subscribe(lazy: LazyApp) {
    while let Some(app) = at_work(&lazy).await {
        let work = async {
            worker::subscribe(&app, Instant::now() + TURN).await?;
            sm_db::streamers::subscriptions::next_due(&app.pool).await
        };
        let next = turn(&app, Job::Subscribe, work).await;
        pause(&app, Ring::Subscribe, next).await;
    }
}

async fn chat(lazy: LazyApp) {
    while let Some(app) = at_work(&lazy).await {
        let done = turn(&app, Job::Chat, sender::run(&app, Instant::now() + TURN)).await;
        pause(&app, Ring::Chat, done.map(|_| None)).await;
    }
}

async fn interact(lazy: LazyApp) {
    while let Some(app) = at_work(&lazy).await {
        let done = turn(&app, Job::Interact, follow_up::run(&app, Instant::now() + TURN)).await;
        pause(&app, Ring::Interact, done.map(|_| None)).await;
    }
}

/// Waits for a ring, or until something planned becomes due, or for the next look.
async fn pause(app: &App, ring: Ring, next_due: sqlx::Result<Option<OffsetDateTime>>) {
    let wait = match next_due {
        Ok(due) => {
            let wait = due.map_or(time::Duration::MINUTE, |due| due - app.clock.now());
            Duration::try_from(wait).unwrap_or_default().clamp(MIN_SLEEP, LOOK_EVERY)
        }
        Err(error) => {
            tracing::warn!(%error, "the worker could not go on; it tries again");
            DATABASE_WAIT
        }
    };
    tokio::select! {
        () = app.doorbell.rung(ring) => {}
        () = sleep(wait) => {}
        () = app.stopped() => {}
    }
}

async fn sweep_on_schedule(lazy: LazyApp) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    while let Some(app) = at_work(&lazy).await {
        tokio::select! {
            _ = every.tick() => {}
            () = app.stopped() => return,
        }
        let work = sweep::run(&app, Instant::now() + SWEEP_EVERY);
        if let Err(error) = turn(&app, Job::Sweep, work).await {
            tracing::warn!(%error, "the sweep could not go on");
        }
    }
}

/// Ends when the process is asked to stop, from the call on; a terminal that is closed asks so too.
pub fn until_stopped() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
    let signals = kinds.map(signal);
    async move {
        let [Ok(mut terminate), Ok(mut hang_up), Ok(mut interrupt)] = signals else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
