//! What has changed in servers and nobody was told yet; in memory, noted by whoever changes it.

use sm_types::{GuildId, TwitchUserId};
use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// What has changed and nobody was told yet.
#[derive(Default)]
pub(crate) struct Changes {
    changed: Mutex<Changed>,
    woken: Notify,
}

/// The same, taken out.
#[derive(Default)]
pub(super) struct Changed {
    /// Servers whose deliveries have.
    pub(super) deliveries: HashSet<GuildId>,
    /// Streamers who have gone live or offline.
    pub(super) streamers: HashSet<TwitchUserId>,
    /// Servers whose hint is stored, in the transaction that has changed them.
    pub(super) saved: HashSet<GuildId>,
}

impl Changes {
    /// Something has become of deliveries of a server's.
    pub(crate) fn deliveries(&self, guild: GuildId) {
        self.lock().deliveries.insert(guild);
        self.woken.notify_one();
    }

    /// A stream has begun, ended, or goes on after all.
    pub(crate) fn stream(&self, streamer: &TwitchUserId) {
        self.lock().streamers.insert(streamer.clone());
        self.woken.notify_one();
    }

    /// A transaction that is about to end tells of a server.
    pub(crate) fn saved(&self, guild: GuildId) {
        self.lock().saved.insert(guild);
        self.woken.notify_one();
    }

    /// Waits until something has changed.
    pub(super) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// What has changed; it is gone from here.
    pub(super) fn take(&self) -> Changed {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
