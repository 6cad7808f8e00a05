//! What every handler and job is handed.

use crate::{lazy::Home, twitch_token::TokenCache};
use sm_aws::{Cipher, Doorbell};
use sm_types::{Clock, Secret, UserId};
use sqlx::PgPool;
use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};
use tokio::sync::OnceCell;

/// The app; clones share everything.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

/// What the app is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub pool: PgPool,
    /// The clock.
    pub clock: Clock,
    /// Twitch.
    pub twitch: sm_twitch::Client,
    /// Discord.
    pub discord: sm_discord::Client,
    /// What wakes a worker.
    pub doorbell: Doorbell,
    /// Encrypts what is stored for ourselves.
    pub cipher: Cipher,
    /// Settings of the services.
    pub settings: Settings,
}

/// Settings of the services.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Secrets that sign webhooks; two during a rotation, the newer first.
    pub eventsub_secrets: Vec<Secret>,
    /// Requests per second to Discord, over all workers; 0 turns the pace off.
    pub discord_rate_per_second: u32,
}

/// The parts and what is learned while running.
#[derive(Debug)]
pub(crate) struct Inner {
    parts: Parts,
    pub(crate) twitch_token: TokenCache,
    pub(crate) bot_user: OnceCell<UserId>,
    home: OnceLock<Home>,
}

impl App {
    /// Puts the app together; connects to nothing yet.
    pub fn new(parts: Parts) -> Self {
        let (twitch_token, bot_user, home) = Default::default();
        Self(Arc::new(Inner { parts, twitch_token, bot_user, home }))
    }

    /// Says that Discord or Twitch refused our own credentials (not a user's): where the app comes
    /// from a secret that changes, newer ones are looked for in the background.
    pub fn credentials_refused(&self) {
        if let Some(home) = self.0.home.get().and_then(Home::upgrade) {
            home.credentials_refused();
        }
    }

    pub(crate) fn lives_in(&self, home: Home) {
        // It moves in once; the same app is not given twice.
        let _ = self.0.home.set(home);
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
