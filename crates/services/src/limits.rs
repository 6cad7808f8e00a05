//! Limits over all instances: requests to our API, and verified webhooks.
//!
//! Each instance takes a handful of requests out of the present second from Postgres and spends them
//! without asking again. An instance that hardly sees a request does not ask at all.

use crate::App;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long a refusal is taken for granted; a new second may have begun by then.
const REFUSAL_HOLDS: Duration = Duration::from_millis(20);

/// A limit shared by all instances.
#[derive(Debug)]
pub(crate) struct SharedLimit {
    key: &'static str,
    per_second: i32,
    /// Requests taken at once: the share that is lost when a second ends.
    batch: i32,
    lease: Mutex<Lease>,
    /// Held while asking: a hundred requests at once need one batch after the other, not a hundred.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Lease {
    left: i32,
    until: Instant,
    /// The second's first request needs no lease.
    free_from: Instant,
    /// Until then nobody asks again whether there is anything left.
    refused_until: Instant,
}

/// The limits of an app; 0 per second turns one off.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) api: SharedLimit,
    pub(crate) webhooks: SharedLimit,
}

impl Limits {
    pub(crate) fn new(api_per_second: i32, webhooks_per_second: i32) -> Self {
        Self {
            api: SharedLimit::new("api", api_per_second),
            webhooks: SharedLimit::new("webhooks", webhooks_per_second),
        }
    }
}

impl SharedLimit {
    fn new(key: &'static str, per_second: i32) -> Self {
        let now = Instant::now();
        let lease = Mutex::new(Lease { left: 0, until: now, free_from: now, refused_until: now });
        let batch = (per_second / 50).max(1);
        Self { key, per_second, batch, lease, asking: tokio::sync::Mutex::default() }
    }

    /// Takes one request; false when this second is used up.
    ///
    /// A database that does not answer limits nothing: the request will find out by itself.
    async fn take(&self, app: &App) -> bool {
        if self.per_second <= 0 {
            return true;
        }
        if let Some(known) = self.take_leased() {
            return known;
        }
        let _asking = self.asking.lock().await;
        if let Some(known) = self.take_leased() {
            return known;
        }
        match sm_db::limits::lease(&app.pool, self.key, self.batch, self.per_second).await {
            Ok(Some(seconds)) => {
                let until =
                    Instant::now() + Duration::try_from_secs_f64(seconds).unwrap_or_default();
                let mut lease = self.lease();
                (lease.left, lease.until) = (self.batch - 1, until);
                true
            }
            Ok(None) => {
                self.lease().refused_until = Instant::now() + REFUSAL_HOLDS;
                false
            }
            Err(error) => {
                tracing::warn!(%error, limit = self.key, "a limit could not be looked up");
                true
            }
        }
    }

    fn lease(&self) -> MutexGuard<'_, Lease> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer as far as this instance knows it; `None`: ask.
    fn take_leased(&self) -> Option<bool> {
        let now = Instant::now();
        let mut lease = self.lease();
        if now >= lease.free_from {
            lease.free_from = now + Duration::from_secs(1);
            return Some(true);
        }
        if lease.left > 0 && lease.until > now {
            lease.left -= 1;
            return Some(true);
        }
        (lease.refused_until > now).then_some(false)
    }
}

/// Whether the API takes another request in this second.
pub async fn api_allows(app: &App) -> bool {
    app.inner().limits.api.take(app).await
}

/// Whether another verified webhook is taken in this second.
pub async fn webhooks_allow(app: &App) -> bool {
    app.inner().limits.webhooks.take(app).await
}
