//! The app, built when the first request needs it.

use crate::App;
use std::{fmt, future::Future, pin::Pin, sync::Arc};
use tokio::sync::OnceCell;

type Build = dyn Fn() -> Pin<Box<dyn Future<Output = Result<App, String>> + Send>> + Send + Sync;

/// An app that is built once, at its first use; a failed build is tried again by the next.
#[derive(Clone)]
pub struct LazyApp(Arc<Inner>);

struct Inner {
    cell: OnceCell<App>,
    build: Box<Build>,
}

impl fmt::Debug for LazyApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyApp").field(&self.0.cell.initialized()).finish()
    }
}

impl LazyApp {
    /// Describes how to build the app.
    pub fn new<F, Fut>(build: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<App, String>> + Send + 'static,
    {
        Self(Arc::new(Inner { cell: OnceCell::new(), build: Box::new(move || Box::pin(build())) }))
    }

    /// The app, built if need be; the error is for the log.
    pub async fn get(&self) -> Result<&App, String> {
        self.0.cell.get_or_try_init(|| (self.0.build)()).await
    }
}

impl From<App> for LazyApp {
    fn from(app: App) -> Self {
        Self::new(move || std::future::ready(Ok(app.clone())))
    }
}
