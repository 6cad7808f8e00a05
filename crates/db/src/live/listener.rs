//! What other processes tell, by a session of its own.
//!
//! It stays outside of transactions: one that was open would keep every notification of the database.

use super::topics::{CHANNEL, notify};
use crate::{Pool, route::Route};
use sqlx::{
    Error, Row,
    postgres::{PgListener, PgPoolOptions},
};
use std::{fmt, io, time::Duration};
use tokio::time::timeout;
use uuid::Uuid;

/// How long a notification of our own may take to come back when it is tried whether any does.
const PROOF: Duration = Duration::from_secs(2);
/// Without a notification for so long, the server is asked whether it is still there: one that was cut off without a
/// word would leave us deaf for a quarter of an hour.
const ASK_AFTER: Duration = Duration::from_secs(10);
/// How long it may take to answer, and to let us listen.
const PATIENCE: Duration = Duration::from_secs(5);

/// A session that listens.
pub struct Listener(PgListener);

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// What another process, or this one, has told.
    Told(String),
    /// The server is still there; this much of its room for notifications is taken, from 0 to 1.
    Alive { used: f64 },
}

impl Listener {
    /// Begins to listen; `None` where nothing comes through, as behind a proxy that pools transactions.
    pub async fn open(pool: &Pool) -> sqlx::Result<Option<Self>> {
        if matches!(pool.route(), Some(Route::Tracked | Route::Untracked)) {
            return Ok(None);
        }
        let mut inner = timeout(PATIENCE, listen(pool)).await.map_err(|_| silent())??;
        let word = format!("proof:{}", Uuid::new_v4().simple());
        notify(pool, std::slice::from_ref(&word)).await?;
        let comes = async {
            while let Some(told) = inner.try_recv().await? {
                if told.payload() == word {
                    return Ok(true);
                }
            }
            Err(silent())
        };
        match timeout(PROOF, comes).await {
            Ok(came) => came.map(|_| Some(Self(inner))),
            Err(_) => Ok(None),
        }
    }

    /// Waits for what comes next. After an error something may have been missed, and this listener hears nothing more.
    pub async fn next(&mut self) -> sqlx::Result<Heard> {
        match timeout(ASK_AFTER, self.0.try_recv()).await {
            Ok(told) => Ok(Heard::Told(told?.ok_or_else(silent)?.payload().to_owned())),
            Err(_) => timeout(PATIENCE, self.ask()).await.map_err(|_| silent())?,
        }
    }

    async fn ask(&mut self) -> sqlx::Result<Heard> {
        let usage = sqlx::raw_sql("select pg_notification_queue_usage()");
        let used = usage.fetch_one(&mut self.0).await?.try_get(0)?;
        Ok(Heard::Alive { used })
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}

async fn listen(pool: &Pool) -> sqlx::Result<PgListener> {
    let one = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let one = one.acquire_timeout(PATIENCE).connect_lazy_with(pool.connect_options().clone());
    let mut inner = PgListener::connect_with(&one).await?;
    inner.ignore_pool_close_event(true);
    // What falls between two sessions has to be looked for.
    inner.eager_reconnect(false);
    inner.listen(CHANNEL).await?;
    Ok(inner)
}

fn silent() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database does not notify any more"))
}
