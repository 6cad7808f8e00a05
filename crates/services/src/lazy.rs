//! The app, built when the first request needs it and rebuilt when its secrets have changed.

use crate::App;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use time::{Duration, OffsetDateTime};
use tokio::sync::OwnedMutexGuard;

/// How often the source is looked at while all goes well.
const LOOK_EVERY: Duration = Duration::minutes(5);
/// How often at most after our credentials were refused, or a look has failed.
const LOOK_AGAIN: Duration = Duration::seconds(30);
/// How long after an app was built of new secrets every other instance can know them too.
///
/// One that has looked within [`LOOK_AGAIN`] has found them, since they were in use by then; any other may look.
pub const KNOWN_EVERYWHERE_AFTER: Duration = Duration::MINUTE;

type Latest = Pin<Box<dyn Future<Output = Result<Option<App>, String>> + Send>>;

/// An app that is built at its first use; a failed build is tried again by the next.
#[derive(Clone)]
pub struct LazyApp(Arc<Inner>);

struct Inner {
    latest: Box<dyn Fn() -> Latest + Send + Sync>,
    changes: bool,
    current: Mutex<Option<Current>>,
    /// Held while the source is asked; taken before a look is noted as begun, so that whoever finds it noted waits for its end.
    asking: Arc<tokio::sync::Mutex<()>>,
    /// The next look is wanted soon.
    hurry: AtomicBool,
}

struct Current {
    app: App,
    looked_at: OffsetDateTime,
}

impl fmt::Debug for LazyApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyApp").field(&self.0.current().is_some()).finish()
    }
}

impl LazyApp {
    /// Describes how to build an app that never changes.
    pub fn new<F, Fut>(build: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<App, String>> + Send + 'static,
    {
        Self::with(false, move || {
            let app = build();
            async move { app.await.map(Some) }
        })
    }

    /// Describes an app that changes: `latest` gives it, or `None` when it gave the same before.
    ///
    /// It is asked in the background of a request: every 5 minutes, and soon after Discord or
    /// Twitch refused our credentials. Where it fails, the app stays as it is.
    pub fn changing<F, Fut>(latest: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<App>, String>> + Send + 'static,
    {
        Self::with(true, latest)
    }

    fn with<F, Fut>(changes: bool, latest: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<App>, String>> + Send + 'static,
    {
        let latest = Box::new(move || Box::pin(latest()) as Latest);
        let (current, asking, hurry) = Default::default();
        Self(Arc::new(Inner { latest, changes, current, asking, hurry }))
    }

    /// The app, built if need be; the error is for the log.
    pub async fn get(&self) -> Result<App, String> {
        if let Some(app) = self.0.current() {
            self.0.look_if_due();
            return Ok(app);
        }
        let _asking = self.0.asking.lock().await;
        if let Some(app) = self.0.current() {
            return Ok(app);
        }
        let app = (self.0.latest)().await?.ok_or("the app was not built")?;
        self.0.install(app.clone());
        Ok(app)
    }

    /// The app, if anybody has needed it yet.
    pub fn built(&self) -> Option<App> {
        self.0.current()
    }

    /// The app that has taken the place of `used`, if one has; looks for it at most every 30 seconds.
    ///
    /// For a signature that does not fit: the secret may have been rotated a moment ago.
    pub async fn renewed(&self, used: &App) -> Option<App> {
        if !self.0.changes {
            return None;
        }
        // Whoever looks now may have begun before the rotation: what it finds is not all we can know.
        let asking = self.0.asking.clone().lock_owned().await;
        if self.0.is_current(used) && self.0.is_due_after(LOOK_AGAIN) {
            self.0.clone().look(asking).await;
        }
        if self.0.is_current(used) { None } else { self.0.current() }
    }

    /// Looks for changes when it is time to, and waits for a look that is under way.
    ///
    /// For events that nobody waits for: Lambda freezes the process once it has answered, and
    /// where few requests come, a look would hardly ever get to its end.
    pub async fn settle(&self) {
        if self.0.changes {
            let asking = self.0.asking.clone().lock_owned().await;
            if self.0.is_due() {
                self.0.clone().look(asking).await;
            }
        }
    }
}

impl From<App> for LazyApp {
    fn from(app: App) -> Self {
        Self::new(move || std::future::ready(Ok(app.clone())))
    }
}

impl Inner {
    fn current(&self) -> Option<App> {
        self.lock().as_ref().map(|current| current.app.clone())
    }

    fn is_current(&self, app: &App) -> bool {
        self.current().is_none_or(|current| std::ptr::eq(app.inner(), current.inner()))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn install(&self, app: App) {
        // What was noted when the look began: secrets that came since were not seen by it.
        let begun_at = self.lock().as_ref().map(|current| current.looked_at);
        let looked_at = begun_at.unwrap_or_else(|| app.clock.now());
        *self.lock() = Some(Current { app, looked_at });
    }

    /// Looks for changes in the background when it is time to.
    fn look_if_due(self: &Arc<Self>) {
        // While somebody looks, who sees the same, nothing is due.
        if self.changes
            && let Ok(asking) = self.asking.clone().try_lock_owned()
            && self.is_due()
        {
            tokio::spawn(self.clone().look(asking));
        }
    }

    /// Whether it is time to look; the next time is counted from here.
    fn is_due(&self) -> bool {
        if self.current().is_some_and(|app| app.take_refusal()) {
            self.hurry.store(true, Ordering::Relaxed);
        }
        let hurry = self.hurry.load(Ordering::Relaxed);
        self.is_due_after(if hurry { LOOK_AGAIN } else { LOOK_EVERY })
    }

    fn is_due_after(&self, wait: Duration) -> bool {
        let mut current = self.lock();
        let Some(Current { app, looked_at }) = current.as_mut() else { return false };
        let now = app.clock.now();
        if now - *looked_at < wait {
            return false;
        }
        *looked_at = now;
        self.hurry.store(false, Ordering::Relaxed);
        true
    }

    async fn look(self: Arc<Self>, _asking: OwnedMutexGuard<()>) {
        match (self.latest)().await {
            Ok(None) => {}
            Ok(Some(app)) => {
                self.install(app);
                tracing::info!("the secrets have changed: the app goes on with the new ones");
            }
            Err(error) => {
                self.hurry.store(true, Ordering::Relaxed);
                tracing::warn!(error, "could not look for newer secrets: those in use stay");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    // Everything else needs an app and is tested through the whole product.
    use super::*;

    #[tokio::test]
    async fn failed_build_is_tried_again() {
        let tries = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let counted = tries.clone();
        let lazy = LazyApp::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Err("no".to_owned()))
        });
        assert_eq!(lazy.get().await.unwrap_err(), "no");
        assert_eq!(lazy.get().await.unwrap_err(), "no");
        assert_eq!(tries.load(Ordering::Relaxed), 2);
    }
}
