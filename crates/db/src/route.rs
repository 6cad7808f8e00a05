//! The way to the database: straight, or through a proxy that gives each transaction any of its own connections.
//!
//! A statement prepared under a name belongs to the server process that has prepared it. sqlx prepares in one
//! round trip and carries out in the next: behind a transaction-pooling proxy the second may reach another
//! process, where the name is unknown or, worse, another client's statement. A proxy that tracks names (PgBouncer
//! from 1.21 on) prepares again where it has to. Which of these a way is, is tried: an address tells little.

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Error, PgConnection, Row, error::DatabaseError,
    postgres::PgConnectOptions,
};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU8, Ordering},
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Which of two connections is asked next. Not in turns: a proxy whose connections take turns would give each of
/// ours always the same.
const ORDER: [usize; 8] = [0, 1, 1, 0, 0, 1, 0, 1];
/// How often that is gone through to prove that statements are tracked.
const TRIES: usize = 2;

/// How statements reach the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Each connection has a server process of its own: statements are prepared once, and kept.
    Direct,
    /// Through a transaction-pooling proxy that tracks prepared statements: as if straight.
    Tracked,
    /// Through one that does not: a statement has no name, and a transaction of its own where it is not in one.
    /// It takes four round trips instead of one.
    Untracked,
}

/// What is believed of a way before it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belief {
    /// It is straight, and is not tried.
    Direct,
    /// It may be either.
    Open,
    /// A transaction-pooling proxy is there, even if every connection seems to have a process of its own.
    Pooled,
}

/// What a pool knows of its way.
#[derive(Debug)]
pub(crate) struct Known {
    belief: Belief,
    route: AtomicU8,
    trial: Mutex<()>,
}

const UNKNOWN: u8 = 0;
const DIRECT: u8 = 1;
const TRACKED: u8 = 2;
const UNTRACKED: u8 = 3;

impl Known {
    pub(crate) fn new(belief: Belief) -> Self {
        let route = if belief == Belief::Direct { DIRECT } else { UNKNOWN };
        Self { belief, route: AtomicU8::new(route), trial: Mutex::default() }
    }

    /// The way, once it is known.
    pub(crate) fn route(&self) -> Option<Route> {
        match self.route.load(Ordering::Relaxed) {
            DIRECT => Some(Route::Direct),
            TRACKED => Some(Route::Tracked),
            UNTRACKED => Some(Route::Untracked),
            _ => None,
        }
    }

    /// Whether statements may be kept under a name; not before that is known.
    pub(crate) fn keeps_names(&self) -> bool {
        matches!(self.route(), Some(Route::Direct | Route::Tracked))
    }

    pub(crate) fn belief(&self) -> Belief {
        self.belief
    }

    /// Tries the way unless it is known. Stays unknown when the server has no second connection to spare.
    pub(crate) async fn find(&self, options: &PgConnectOptions) -> sqlx::Result<()> {
        let _one_at_a_time = self.trial.lock().await;
        if self.route().is_some() {
            return Ok(());
        }
        match look(options, self.belief).await? {
            Some(route) => self.set(route),
            None => tracing::info!("no connection is to spare to find out whether a proxy pools"),
        }
        Ok(())
    }

    fn set(&self, route: Route) {
        let (value, text) = match route {
            Route::Direct => (DIRECT, "every connection has a server process of its own"),
            Route::Tracked => (TRACKED, "a transaction-pooling proxy tracks prepared statements"),
            Route::Untracked => (UNTRACKED, "a transaction-pooling proxy tracks no statements"),
        };
        self.route.store(value, Ordering::Relaxed);
        if route == Route::Untracked {
            tracing::warn!(
                "{text}: each takes four round trips to the database instead of one. {REMEDY}"
            );
        } else {
            tracing::debug!("{text}");
        }
    }

    /// A named statement has reached another process than the one that it was prepared in.
    pub(crate) fn disprove(&self) {
        if self.route.swap(UNTRACKED, Ordering::Relaxed) != UNTRACKED {
            tracing::error!(
                "a transaction-pooling proxy that tracks no prepared statements stands before the database: no \
                 statement is kept from now on, and each takes four round trips instead of one. {REMEDY}"
            );
        }
    }
}

/// What helps where a proxy tracks no statements.
pub const REMEDY: &str = "Remedy: max_prepared_statements = 200 in PgBouncer (1.21 or newer), or an address \
     without a proxy or of one that pools by session";

/// Finds out which way it is; `None` when the server has no second connection to spare.
pub async fn look(options: &PgConnectOptions, belief: Belief) -> sqlx::Result<Option<Route>> {
    let (one, two) = tokio::join!(options.connect(), options.connect());
    // Whichever of them it was that found no room.
    let (one, two) = if one.is_ok() { (one, two) } else { (two, one) };
    let one = one?;
    let two = match two {
        Ok(two) => two,
        Err(error) if has_code(&error, &["53300"]) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut both = [one, two];
    let route = try_out(&mut both, belief).await?;
    for connection in both {
        // The server notices either way.
        let _ = connection.close().await;
    }
    Ok(Some(route))
}

async fn try_out(both: &mut [PgConnection; 2], belief: Belief) -> sqlx::Result<Route> {
    let mut seen = Seen::default();
    for which in ORDER {
        seen[which].insert(process(&mut both[which]).await?);
        if is_shared(&seen) {
            break;
        }
    }
    if !is_shared(&seen) && belief != Belief::Pooled {
        return Ok(Route::Direct);
    }
    match is_tracked(both).await {
        Ok(true) => Ok(Route::Tracked),
        Ok(false) => Ok(Route::Untracked),
        Err(error) if is_foreign_statement(&error) => Ok(Route::Untracked),
        Err(error) => Err(error),
    }
}

/// The server processes that each connection has had.
type Seen = [BTreeSet<i32>; 2];

fn is_shared([one, two]: &Seen) -> bool {
    one.len() > 1 || two.len() > 1 || !one.is_disjoint(two)
}

/// The server process that answers, asked without a prepared statement.
async fn process(connection: &mut PgConnection) -> sqlx::Result<i32> {
    let row = sqlx::raw_sql("select pg_backend_pid()").fetch_one(connection).await?;
    row.try_get(0)
}

/// Whether a statement of the same name, but another text, is each connection's own in the same process.
///
/// sqlx numbers the statements of a connection, so both have the same name.
async fn is_tracked(both: &mut [PgConnection; 2]) -> sqlx::Result<bool> {
    let mut used = [0; 2];
    // Nobody else's statement has this text, not even one that was left behind by a trial like this.
    let texts = [(); 2].map(|()| Uuid::new_v4().to_string());
    let mut seen = Seen::default();
    for which in [ORDER; TRIES].concat() {
        let text = &texts[which];
        let statement = AssertSqlSafe(format!("select '{text}', pg_backend_pid()"));
        let row = sqlx::query(statement).fetch_one(&mut both[which]).await?;
        if row.try_get::<&str, _>(0).ok() != Some(text) {
            return Ok(false);
        }
        seen[which].insert(row.try_get(1)?);
        used[which] += 1;
        // Each was prepared, and used again later.
        if is_shared(&seen) && used.iter().all(|times| *times > 1) {
            return Ok(true);
        }
    }
    // Where each process had only one of them, tracking was not put to the proof.
    Ok(false)
}

/// Whether an error says that the name of a statement means something else where it was used.
pub(crate) fn is_foreign_statement(error: &Error) -> bool {
    // invalid_sql_statement_name and duplicate_prepared_statement; protocol_violation is the answer to a statement of
    // other parameters, and a proxy's to much else.
    has_code(error, &["26000", "42P05"])
        || has_code(error, &["08P01"])
            && error.as_database_error().is_some_and(|e| e.message().contains("prepared statement"))
}

fn has_code(error: &Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| codes.contains(&&*code))
}
