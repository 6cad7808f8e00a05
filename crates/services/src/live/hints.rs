//! What has changed in a server, told to whoever looks at its pages: ask for it again.
//!
//! Whoever changes something only notes it, in memory; some moments later all of it is one statement. A hint that is
//! lost with its process costs the freshness of a page and nothing else.

use super::changes::Changed;
use crate::{App, LazyApp};
use sm_db::live::topics;
use sm_types::live::Topic;
use std::time::Duration;
use tokio::time::sleep;

/// What changes meanwhile is one hint.
const PACE: Duration = Duration::from_millis(250);

/// Tells what changes, until the app stops.
pub async fn run(lazy: LazyApp) {
    while let Ok(app) = lazy.get().await {
        tokio::select! {
            () = app.hub().changes().woken() => {}
            () = app.stopped() => return,
        }
        sleep(PACE).await;
        tell(&app).await;
    }
}

/// Tells what has changed to whoever listens to the servers it is about; in Lambda, where nothing runs by itself, at the
/// end of what has changed it.
pub async fn tell(app: &App) {
    let Changed { deliveries, streamers, saved } = app.hub().changes().take();
    saved.into_iter().for_each(|guild| app.hub().told(Topic::Server(guild)));
    if deliveries.is_empty() && streamers.is_empty() {
        return;
    }
    let (deliveries, streamers): (Vec<_>, Vec<_>) =
        (deliveries.into_iter().collect(), streamers.into_iter().collect());
    match topics::tell_changed(&app.pool, &deliveries, &streamers).await {
        Ok(told) => told.into_iter().for_each(|topic| app.hub().told(topic)),
        Err(error) => tracing::warn!(%error, "open pages were not told of what has changed"),
    }
}
