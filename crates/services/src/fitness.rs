//! Whether the database would take a webhook at this moment.

use sm_db::{
    Pool,
    fitness::{Obstacle, Trial, obstacle_to_a_row, obstacle_to_writing},
};
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

impl LastWrite {
    /// What keeps us from writing, as the database's rights and state tell, and a row that is really written.
    pub(crate) async fn obstacle(
        &self,
        pool: &Pool,
        now: OffsetDateTime,
    ) -> sqlx::Result<Option<Obstacle>> {
        match obstacle_to_writing(pool).await {
            Ok(None) => self.try_again(pool, now).await,
            Ok(found) => Ok(found),
            Err(error) => Obstacle::of(&error).map(Some).ok_or(error),
        }
    }

    /// Whoever asks while a row is being written waits for what comes of it.
    async fn try_again(&self, pool: &Pool, now: OffsetDateTime) -> sqlx::Result<Option<Obstacle>> {
        let mut last = self.0.lock().await;
        if let Some((at, found)) = &*last {
            let lasts = if found.is_some() { DOUBTED_FOR } else { BELIEVED_FOR };
            if now - *at < lasts {
                return Ok(found.clone());
            }
        }
        let found = obstacle_to_a_row(pool, Trial::Kept).await?;
        let news = last.as_ref().is_none_or(|(_, before)| *before != found);
        if let Some(obstacle) = found.as_ref().filter(|_| news) {
            tracing::error!(%obstacle, "a row could not be written");
        }
        *last = Some((now, found.clone()));
        Ok(found)
    }
}
