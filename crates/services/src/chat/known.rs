//! Channels that the bot is in, kept in mind for a moment, and how many lines were heard there since.

use sm_db::{
    Pool,
    chat::{
        channels::{self, On},
        timers,
    },
};
use sm_twitch::MODERATE_SCOPE;
use sm_types::TwitchUserId;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use time::{Duration, OffsetDateTime};

/// How long what is known of a channel is taken for granted.
const KNOWN_FOR: Duration = Duration::seconds(2);
/// Channels that are kept in mind; beyond, all are asked for anew.
const MOST_KNOWN: usize = 50_000;

/// What is known of channels by this process.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<TwitchUserId, One>>);

#[derive(Debug)]
struct One {
    at: OffsetDateTime,
    on: Option<On>,
    /// Lines since then.
    heard: i64,
}

impl Known {
    fn lock(&self) -> MutexGuard<'_, HashMap<TwitchUserId, One>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the bot is there, and as whom; as old as two seconds. Lines that were counted are written down with that.
    pub(super) async fn of(
        &self,
        pool: &Pool,
        channel: &TwitchUserId,
        now: OffsetDateTime,
    ) -> sqlx::Result<Option<On>> {
        let mut heard = 0;
        if let Some(one) = self.lock().get_mut(channel) {
            if (now - one.at).abs() < KNOWN_FOR {
                return Ok(one.on.clone());
            }
            heard = std::mem::take(&mut one.heard);
        }
        if heard > 0 {
            timers::heard(pool, channel, heard).await?;
        }
        let on = channels::on(pool, channel, MODERATE_SCOPE).await?;
        let mut known = self.lock();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        let heard = known.get(channel).map_or(0, |one| one.heard);
        known.insert(channel.clone(), One { at: now, on: on.clone(), heard });
        Ok(on)
    }

    /// Something about the channel was changed here: it is asked for anew. Other processes do after two seconds.
    pub(crate) fn forget(&self, channel: &TwitchUserId) {
        if let Some(one) = self.lock().get_mut(channel) {
            one.at = OffsetDateTime::UNIX_EPOCH;
        }
    }

    /// Counts a line of somebody else's.
    pub(super) fn count(&self, channel: &TwitchUserId) {
        if let Some(one) = self.lock().get_mut(channel) {
            one.heard += 1;
        }
    }
}
