//! Connections to Postgres, each statement within a limit of time.
//!
//! sqlx's own pool asks the server whether it is there before and after each use: three round trips for
//! one. It waits for those answers as long as the kernel does, which is for ever when a proxy on the way
//! takes our bytes and answers none (sqlx 0.9 sets neither keepalive nor `tcp_user_timeout`, and hands out
//! no socket). This one asks only a connection that was idle for a while, and gives up what does not
//! answer: it is closed, and another takes its place.

use crate::route::{Belief, Known, Route};
use sqlx::{ConnectOptions, Connection, Error, PgConnection, postgres::PgConnectOptions};
use std::{
    fmt, io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout_at},
};

/// A connection that was idle for longer is asked whether it is there before it is used.
const TRUSTED_FOR: Duration = Duration::from_secs(2);
/// How long it may take to answer that.
const PING_TIMEOUT: Duration = Duration::from_secs(1);
/// A connection that nobody needs is closed: some databases sleep when nobody is connected.
const IDLE_FOR_AT_MOST: Duration = Duration::from_secs(300);
/// Every connection is renewed after this long; what the server keeps for it does not grow for ever.
const OLDEST: Duration = Duration::from_secs(30 * 60);
/// Between two tries to reach a server that is starting; doubles up to half a second.
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// A request does not wait longer for a connection; Twitch expects its answer in seconds.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// Far above what our longest statement takes, and below the 30 seconds of a lease.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many connections, and for how long one waits.
#[derive(Debug, Clone, Copy)]
pub struct PoolLimits {
    /// Connections at once.
    pub connections: u32,
    /// For a connection, new ones included.
    pub acquire: Duration,
    /// For the answer to one statement. After that the connection is closed and the statement may have
    /// been carried out or not.
    pub statement: Duration,
}

impl PoolLimits {
    /// The limits of the product: 3 seconds for a connection, 10 for a statement.
    pub fn with_connections(connections: u32) -> Self {
        Self { connections, acquire: ACQUIRE_TIMEOUT, statement: STATEMENT_TIMEOUT }
    }
}

/// A pool of connections that are opened when a statement needs one; clones share it.
#[derive(Clone)]
pub struct Pool(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    options: PgConnectOptions,
    pub(crate) limits: PoolLimits,
    pub(crate) route: Known,
    /// The one used last is at the end, and used first.
    idle: Mutex<Vec<Idle>>,
    slots: Arc<Semaphore>,
    /// Connections that are open, idle or not.
    open: Arc<AtomicU32>,
    closed: AtomicBool,
}

/// An open connection.
pub(crate) struct Live {
    pub(crate) connection: PgConnection,
    since: Instant,
    _counted: Counted,
}

struct Idle {
    live: Live,
    since: Instant,
}

/// Takes itself out of the count when it is dropped.
struct Counted(Arc<AtomicU32>);

impl Counted {
    fn new(count: &Arc<AtomicU32>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    /// A pool that has not connected yet; before its first connection it tries which way that goes.
    pub fn new(options: PgConnectOptions, limits: PoolLimits) -> Self {
        Self::believing(Belief::Open, options, limits)
    }

    /// The same with a belief about the way.
    pub fn believing(belief: Belief, options: PgConnectOptions, limits: PoolLimits) -> Self {
        Self(Arc::new(Shared {
            // Only needed before Postgres 12, and refused by many a proxy.
            options: options.extra_float_digits(None),
            limits,
            route: Known::new(belief),
            idle: Mutex::default(),
            slots: Arc::new(Semaphore::new(limits.connections as usize)),
            open: Arc::default(),
            closed: AtomicBool::new(false),
        }))
    }

    /// Closes it: waits for what is under way, then closes all connections.
    pub async fn close(&self) {
        self.0.closed.store(true, Ordering::Relaxed);
        let deadline = Instant::now() + self.0.limits.statement;
        // Whoever takes longer closes its own connection.
        let _ = timeout_at(deadline, self.0.slots.acquire_many(self.0.limits.connections)).await;
        self.0.slots.close();
        let idle = std::mem::take(&mut *self.0.idle());
        for Idle { live, .. } in idle {
            // The server notices either way.
            let _ = timeout_at(deadline, live.connection.close()).await;
        }
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Relaxed)
    }

    /// Connections that are open.
    pub fn size(&self) -> u32 {
        self.0.open.load(Ordering::Relaxed)
    }

    /// Connections that nobody uses at the moment.
    pub fn num_idle(&self) -> usize {
        self.0.idle().len()
    }

    /// Which way statements go; `None` before the first connection, and while that could not be found out.
    pub fn route(&self) -> Option<Route> {
        self.0.route.route()
    }

    /// What was believed of the way.
    pub fn belief(&self) -> Belief {
        self.0.route.belief()
    }

    /// Where it connects to.
    pub fn connect_options(&self) -> &PgConnectOptions {
        &self.0.options
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the options: they hold the password.
        f.debug_struct("Pool").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

impl Shared {
    /// A connection, and the right to use one more; waits for either as long as the limits say.
    pub(crate) async fn take(&self) -> sqlx::Result<(Live, Permit)> {
        let deadline = Instant::now() + self.limits.acquire;
        let permit = timeout_at(deadline, self.slots.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| Error::PoolTimedOut)?.map_err(|_| Error::PoolClosed)?;
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::PoolClosed);
        }
        let live = match self.reuse(deadline).await {
            Some(live) => live,
            None => self.connect(deadline).await?,
        };
        Ok((live, permit))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that is open already and, where in doubt, answers.
    async fn reuse(&self, deadline: Instant) -> Option<Live> {
        loop {
            let Idle { mut live, since } = self.idle().pop()?;
            let idle_for = since.elapsed();
            if idle_for <= TRUSTED_FOR {
                return Some(live);
            }
            if idle_for > IDLE_FOR_AT_MOST {
                continue;
            }
            let patience = deadline.min(Instant::now() + PING_TIMEOUT);
            match timeout_at(patience, live.connection.ping()).await {
                Ok(Ok(())) => return Some(live),
                // What happened to this one has happened to those that were idle for longer.
                _ => self.distrust(),
            }
        }
    }

    async fn connect(&self, deadline: Instant) -> sqlx::Result<Live> {
        let mut wait = TRY_AGAIN;
        loop {
            let counted = Counted::new(&self.open);
            let error = match timeout_at(deadline, self.find_way_and_connect()).await {
                Ok(Ok(connection)) => {
                    return Ok(Live { connection, since: Instant::now(), _counted: counted });
                }
                Ok(Err(error)) => error,
                Err(_) => return Err(Error::PoolTimedOut),
            };
            drop(counted);
            if !is_starting(&error) || Instant::now() + wait >= deadline {
                return Err(error);
            }
            sleep(wait).await;
            wait = (wait * 2).min(Duration::from_millis(500));
        }
    }

    async fn find_way_and_connect(&self) -> sqlx::Result<PgConnection> {
        if self.route.route().is_none() {
            self.route.find(&self.options).await?;
        }
        self.options.connect().await
    }

    /// Takes a connection back whose last statement was answered.
    pub(crate) fn put(&self, live: Live) {
        if self.closed.load(Ordering::Relaxed) || live.since.elapsed() > OLDEST {
            return;
        }
        // Names from before it was known that nobody tracks them.
        if !self.route.keeps_names() && live.connection.cached_statements_size() > 0 {
            return;
        }
        let mut idle = self.idle();
        let unused = |one: &Idle| one.since.elapsed() > IDLE_FOR_AT_MOST;
        let unused = idle.iter().take_while(|one| unused(one)).count();
        idle.drain(..unused);
        idle.push(Idle { live, since: Instant::now() });
    }

    /// Closes what is idle: a connection just broke, and what broke it has probably broken others.
    pub(crate) fn distrust(&self) {
        self.idle().clear();
    }
}

/// Whether a server may be there in a moment: it is being started or stopped.
fn is_starting(error: &Error) -> bool {
    match error {
        Error::Io(error) => matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
        ),
        // cannot_connect_now
        Error::Database(error) => error.code().is_some_and(|code| code == "57P03"),
        _ => false,
    }
}

/// What a connection holds while it is used.
pub(crate) type Permit = OwnedSemaphorePermit;
