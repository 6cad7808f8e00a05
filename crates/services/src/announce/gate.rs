//! Asking the gate: when a batch of requests to Discord may leave.

use crate::App;
use sm_db::announce::gate::{self, Pass};
use sm_discord::{Error, Scope};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration as StdDuration,
};
use time::Duration;
use tokio::time::Instant;

/// Slots are handed out at most this far ahead; more would be lost when a worker dies.
const HORIZON: Duration = Duration::milliseconds(500);
/// A longer wait belongs in the outbox, not in a running worker.
pub(crate) const PATIENCE: Duration = Duration::seconds(2);
/// Where many want the same slots, a piece of work with several requests gives up after this long, well
/// within the lease of a delivery.
const CROWD_PATIENCE: StdDuration = StdDuration::from_secs(5);
/// Of the pace, what people at the dashboard may take together: one in so many slots. Whatever they do, announcements
/// find the others free.
const READERS_SHARE: f64 = 5.0;
/// What a lane at rest has to spare: a page asks for several things at once.
const READERS_BURST: Duration = Duration::SECOND;
/// Discord counts per second at its edge. Slots stand this much wider than the rate asks for, so
/// that requests which arrive a little early or late still keep within it.
const SPREAD: f64 = 1.015;
/// How long the circuit stays open after Discord refused the bot's token.
const UNAUTHORIZED_WAIT: Duration = Duration::minutes(1);
/// How long it stays open after Discord's edge has blocked us, unless it says longer.
const BLOCKED_WAIT: Duration = Duration::minutes(5);
/// Discord bans an address at 10,000 invalid requests in 10 minutes; we stop at half of that.
const INVALID_LIMIT: i64 = 5_000;

/// When the requests of a batch may leave.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Admission {
    /// The n-th of them at `first + n × interval`.
    Go { first: Instant, interval: StdDuration },
    /// Not before this wait is over.
    Later(Duration),
}

/// Set when Discord has refused in a way that would meet every request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Brake(Arc<AtomicBool>);

impl Brake {
    /// Pulls it; true for the one who is first.
    pub(crate) fn pull(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }

    /// Lets go of it: the refusal was one request's own.
    pub(crate) fn release(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub(crate) fn pulled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Admits `requests` requests; a short wait is waited out here, a long one is reported.
pub(crate) async fn admit(app: &App, requests: u32) -> sqlx::Result<Admission> {
    admit_until(app, requests, None).await
}

async fn admit_until(
    app: &App,
    requests: u32,
    deadline: Option<Instant>,
) -> sqlx::Result<Admission> {
    let rate = app.settings.discord_rate_per_second;
    loop {
        let pass = if rate == 0 {
            gate::circuit(&app.pool).await?.unwrap_or(Pass::Granted { wait: Duration::ZERO })
        } else {
            let interval = Duration::seconds_f64(SPREAD / f64::from(rate));
            gate::reserve(&app.pool, requests, interval, HORIZON).await?
        };
        match pass {
            Pass::Granted { wait } => {
                let interval = if rate == 0 { 0.0 } else { SPREAD / f64::from(rate) };
                let first = Instant::now() + wait.unsigned_abs();
                return Ok(Admission::Go { first, interval: StdDuration::from_secs_f64(interval) });
            }
            Pass::Wait(wait) if wait <= PATIENCE && is_before(wait, deadline) => {
                tokio::time::sleep(wait.unsigned_abs()).await;
            }
            Pass::Wait(wait) => return Ok(Admission::Later(wait)),
            Pass::CircuitOpen { wait, .. } => return Ok(Admission::Later(wait)),
            Pass::Probe { reason } => {
                if !probe(app, &reason).await? {
                    return Ok(Admission::Later(PATIENCE));
                }
            }
        }
    }
}

fn is_before(wait: Duration, deadline: Option<Instant>) -> bool {
    deadline.is_none_or(|deadline| Instant::now() + wait.unsigned_abs() <= deadline)
}

/// Hands out the moments in which somebody's requests may leave: one for each request.
///
/// Whoever talks to Discord as the bot awaits [`Turns::next`] before each request, or uses [`in_turn`]. The
/// only exceptions are the probes of a circuit, when nothing else leaves, and the operator's own checks
/// (`doctor`, the smoke test), which have to work while the gate is shut.
#[derive(Debug)]
pub(crate) struct Turns<'a> {
    app: &'a App,
    reserved: Option<Instant>,
    deadline: Instant,
    /// Whether somebody at the dashboard waits.
    reader: bool,
}

/// Why no request may leave now.
#[derive(Debug)]
pub(crate) enum NotNow {
    /// The wait is too long to be waited out.
    Later(Duration),
    /// The gate could not be asked.
    Database(sqlx::Error),
}

impl<'a> Turns<'a> {
    /// All moments are asked of the gate.
    pub(crate) fn new(app: &'a App) -> Self {
        let deadline = Instant::now() + CROWD_PATIENCE;
        Self { app, reserved: None, deadline, reader: false }
    }

    /// The same for somebody at the dashboard: announcements go before.
    pub(crate) fn of_readers(app: &'a App) -> Self {
        Self { reader: true, ..Self::new(app) }
    }

    /// The first moment was reserved before.
    pub(crate) fn with_reserved(app: &'a App, slot: Instant) -> Self {
        Self { reserved: Some(slot), ..Self::new(app) }
    }

    /// Waits until the next request may leave; a long wait is reported.
    pub(crate) async fn next(&mut self) -> Result<(), NotNow> {
        let slot = match self.reserved.take() {
            Some(slot) => slot,
            None if self.reader => {
                wait_among_readers(self.app, self.deadline).await?;
                self.ask_gate().await?
            }
            None => self.ask_gate().await?,
        };
        tokio::time::sleep_until(slot).await;
        Ok(())
    }

    async fn ask_gate(&self) -> Result<Instant, NotNow> {
        match admit_until(self.app, 1, Some(self.deadline)).await {
            Ok(Admission::Go { first, .. }) => Ok(first),
            Ok(Admission::Later(wait)) => Err(NotNow::Later(wait)),
            Err(error) => Err(NotNow::Database(error)),
        }
    }
}

/// Waits for a turn among all who wait at the dashboard.
async fn wait_among_readers(app: &App, deadline: Instant) -> Result<(), NotNow> {
    let rate = app.settings.discord_rate_per_second;
    if rate == 0 {
        return Ok(());
    }
    let interval = Duration::seconds_f64(SPREAD * READERS_SHARE / f64::from(rate));
    loop {
        let pass = gate::reserve_for_reader(&app.pool, interval, HORIZON + READERS_BURST).await;
        match pass.map_err(NotNow::Database)? {
            Pass::Wait(wait) if is_before(wait, Some(deadline)) => {
                tokio::time::sleep(wait.unsigned_abs()).await;
            }
            Pass::Granted { wait } => {
                let wait = (wait - READERS_BURST).max(Duration::ZERO);
                tokio::time::sleep(wait.unsigned_abs()).await;
                return Ok(());
            }
            Pass::Wait(wait) | Pass::CircuitOpen { wait, .. } => return Err(NotNow::Later(wait)),
            // Its row has no circuit.
            Pass::Probe { .. } => return Ok(()),
        }
    }
}

/// Sends a single request as soon as it is its turn.
pub(crate) async fn in_turn<T>(
    app: &App,
    request: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    Turns::new(app).next().await?;
    request.await
}

/// The same for somebody at the dashboard: announcements go before.
pub(crate) async fn in_turn_of_readers<T>(
    app: &App,
    request: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    Turns::of_readers(app).next().await?;
    request.await
}

/// To whoever asks for an answer of Discord's, a shut gate is like a 429.
impl From<NotNow> for Error {
    fn from(not_now: NotNow) -> Self {
        match not_now {
            NotNow::Later(wait) => {
                let retry_after = wait.unsigned_abs();
                Self::RateLimited { scope: Scope::Global, retry_after, code: None, bucket: None }
            }
            NotNow::Database(error) => {
                tracing::warn!(%error, "the gate could not be asked");
                Self::Unavailable { status: None, sent: false }
            }
        }
    }
}

/// One harmless request finds out whether Discord takes us again; true when it does.
async fn probe(app: &App, reason: &str) -> sqlx::Result<bool> {
    if !gate::claim_probe(&app.pool).await? {
        return Ok(false);
    }
    match app.discord.current_user().await {
        Ok(_) => {
            gate::close_circuit(&app.pool).await?;
            tracing::info!(circuit.reason = reason, "Discord takes requests again");
            Ok(true)
        }
        Err(error) => {
            let wait = match &error {
                Error::Blocked { retry_after } => blocked_wait(*retry_after),
                _ => UNAUTHORIZED_WAIT,
            };
            gate::open_circuit(&app.pool, reason, wait).await?;
            tracing::warn!(%error, circuit.reason = reason, "the circuit stays open");
            Ok(false)
        }
    }
}

/// Opens the circuit when a harmless request is refused like the one before; `None` where it is not: then the
/// refusal was that one's own.
pub(crate) async fn open_circuit_if_proved(
    app: &App,
    error: &Error,
) -> sqlx::Result<Option<Duration>> {
    match app.discord.current_user().await {
        Err(proof @ (Error::Blocked { .. } | Error::Unauthorized { .. })) => {
            open_circuit(app, &proof).await.map(Some)
        }
        _ => {
            tracing::warn!(%error, "one request was refused as if all were; another was not");
            Ok(None)
        }
    }
}

async fn open_circuit(app: &App, error: &Error) -> sqlx::Result<Duration> {
    let (reason, wait) = match error {
        Error::Blocked { retry_after } => ("blocked", blocked_wait(*retry_after)),
        _ => ("unauthorized", UNAUTHORIZED_WAIT),
    };
    gate::open_circuit(&app.pool, reason, wait).await?;
    tracing::error!(
        %error, circuit.reason = reason, circuit.wait_s = wait.whole_seconds(),
        "Discord refuses all requests: deliveries wait. Check DISCORD_BOT_TOKEN and the egress address"
    );
    Ok(wait)
}

fn blocked_wait(retry_after: Option<StdDuration>) -> Duration {
    let asked = retry_after.and_then(|wait| Duration::try_from(wait).ok());
    asked.unwrap_or_default().max(BLOCKED_WAIT)
}

/// Counts invalid requests and opens the circuit long before Discord bans the address.
pub(crate) async fn count_invalid(app: &App, count: i32) -> sqlx::Result<()> {
    let recent = gate::count_invalid(&app.pool, count).await?;
    if recent >= INVALID_LIMIT {
        gate::open_circuit(&app.pool, "invalid_requests", BLOCKED_WAIT).await?;
        tracing::error!(
            discord.invalid_requests = recent,
            "too many requests were refused within 10 minutes: deliveries wait"
        );
    }
    Ok(())
}
