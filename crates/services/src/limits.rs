//! Limits over all instances: requests to our API, and verified webhooks.
//!
//! Each instance takes a handful of requests out of the present second from Postgres and spends them
//! without asking again. An instance that hardly sees a request does not ask at all.

use crate::App;
use std::{sync::Mutex, time::Duration};
use tokio::time::Instant;

/// A limit shared by all instances.
#[derive(Debug)]
pub(crate) struct SharedLimit {
    key: &'static str,
    per_second: i32,
    /// Requests taken at once: the share that is lost when a second ends.
    batch: i32,
    lease: Mutex<Lease>,
}

#[derive(Debug)]
struct Lease {
    left: i32,
    until: Instant,
    /// The second's first request needs no lease.
    free_from: Instant,
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
        let lease = Mutex::new(Lease { left: 0, until: now, free_from: now });
        Self { key, per_second, batch: (per_second / 50).max(1), lease }
    }

    /// Takes one request; false when this second is used up.
    ///
    /// A database that does not answer limits nothing: the request will find out by itself.
    async fn take(&self, app: &App) -> bool {
        if self.per_second <= 0 || self.take_leased() {
            return true;
        }
        match sm_db::limits::lease(&app.pool, self.key, self.batch, self.per_second).await {
            Ok(Some(seconds)) => {
                let until =
                    Instant::now() + Duration::try_from_secs_f64(seconds).unwrap_or_default();
                let mut lease =
                    self.lease.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                // Others may have leased meanwhile: what they have left is not lost.
                let left = if lease.until > Instant::now() { lease.left } else { 0 };
                (lease.left, lease.until) = (left + self.batch - 1, until);
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::warn!(%error, limit = self.key, "a limit could not be looked up");
                true
            }
        }
    }

    fn take_leased(&self) -> bool {
        let now = Instant::now();
        let mut lease = self.lease.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if now >= lease.free_from {
            lease.free_from = now + Duration::from_secs(1);
            return true;
        }
        if lease.left > 0 && lease.until > now {
            lease.left -= 1;
            return true;
        }
        false
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
