//! Whether the database would take a webhook at this moment.

use crate::App;
use sm_db::fitness::{Obstacle, Trial, obstacle_to_a_row, obstacle_to_writing};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

/// A row that could be written is believed for so long. Proxies and monitors ask every few seconds, each of every
/// server: a database should not have to write for each of them, nor be kept awake by it.
const BELIEVED_FOR: Duration = Duration::seconds(10);
/// One that could not is tried again sooner: requests stay away until then.
const DOUBTED_FOR: Duration = Duration::seconds(2);

/// What came of the row written last, and when that was.
#[derive(Debug, Default)]
pub(crate) struct LastWrite(Mutex<Option<(OffsetDateTime, Option<Obstacle>)>>);

/// What keeps us from writing, as the database's rights and state tell, and a row that is really written.
pub async fn obstacle(app: &App) -> sqlx::Result<Option<Obstacle>> {
    match obstacle_to_writing(&app.pool).await {
        Ok(None) => last_write(app).await,
        Ok(found) => Ok(found),
        Err(error) => Obstacle::of(&error).map(Some).ok_or(error),
    }
}

/// Whoever asks while a row is being written waits for what comes of it.
async fn last_write(app: &App) -> sqlx::Result<Option<Obstacle>> {
    let mut last = app.inner().last_write.0.lock().await;
    let now = app.clock.now();
    if let Some((at, found)) = &*last {
        let lasts = if found.is_some() { DOUBTED_FOR } else { BELIEVED_FOR };
        if now - *at < lasts {
            return Ok(found.clone());
        }
    }
    let found = obstacle_to_a_row(&app.pool, Trial::Kept).await?;
    if let Some(obstacle) = &found {
        tracing::error!(%obstacle, "a row could not be written");
    }
    *last = Some((now, found.clone()));
    Ok(found)
}
