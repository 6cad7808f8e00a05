//! Channels that the bot is in, kept in mind for a moment.

use sm_db::{
    Pool,
    chat::channels::{self, On},
};
use sm_types::TwitchUserId;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration as StdDuration,
};
use tokio::time::Instant;

/// How long what is known of a channel is taken for granted.
const KNOWN_FOR: StdDuration = StdDuration::from_secs(2);
/// Channels that are kept in mind; beyond, all are asked for anew.
const MOST_KNOWN: usize = 50_000;

/// What is known of channels by this process.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<TwitchUserId, (Instant, Option<On>)>>);

impl Known {
    /// Whether the bot is there, and as whom; as old as two seconds.
    pub(super) async fn of(&self, pool: &Pool, channel: &TwitchUserId) -> sqlx::Result<Option<On>> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, on)) = lock().get(channel)
            && at.elapsed() < KNOWN_FOR
        {
            return Ok(on.clone());
        }
        let on = channels::on(pool, channel).await?;
        let mut known = lock();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(channel.clone(), (Instant::now(), on.clone()));
        Ok(on)
    }
}
