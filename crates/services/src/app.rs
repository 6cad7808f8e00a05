//! What every handler and job is handed.

use crate::{
    accounts::SessionKeys,
    admission::{Admissions, Sender},
    announce::parts::RefusedParts,
    chat,
    fitness::LastWrite,
    guilds::offer::PlacesCache,
    jobs::Health,
    limits::{Limited, Limits},
    live::Hub,
};
use sm_aws::{Cipher, Doorbell, Gateway};
use sm_db::fitness::Obstacle;
use sm_types::{Clock, Secret, UserId};
use std::{ops::Deref, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::sync::{Mutex, OnceCell, watch};

/// The app; clones share everything.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

/// What the app is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub pool: sm_db::Pool,
    pub clock: Clock,
    pub twitch: sm_twitch::Client,
    pub discord: sm_discord::Client,
    /// What wakes a worker.
    pub doorbell: Doorbell,
    /// Encrypts what is stored for ourselves.
    pub cipher: Cipher,
    /// What holds the sockets where no process of ours does.
    pub gateway: Option<Gateway>,
    /// Settings of the services.
    pub settings: Settings,
}

/// Settings of the services.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Secrets that sign webhooks; two during a rotation, the newer first.
    pub eventsub_secrets: Vec<Secret>,
    /// Where the product is reached from outside, without a slash at the end.
    pub public_base_url: String,
    /// From when on the newest secret signs; until then other instances may not know it.
    pub newest_signs_from: Option<OffsetDateTime>,
    /// The key that Discord signs its events with, in hexadecimal.
    pub discord_public_key: String,
    /// Signs cookies.
    pub session_keys: SessionKeys,
    /// Requests per second to Discord, over all workers; 0 turns the pace off.
    pub discord_rate_per_second: u32,
    /// Requests per second to our API, over all instances; 0 turns the limit off.
    pub api_rate_per_second: i32,
    /// Requests per second of one address or network without a session, or of one user; 0 turns the limit off.
    pub source_requests_per_second: u32,
    /// Codes per second that are exchanged at Discord, and as many at Twitch, over all instances.
    pub sign_ins_per_second: u32,
    /// Verified webhooks per second, over all instances; 0 turns the limit off.
    pub webhook_rate_per_second: i32,
    /// Requests of one user at once, and within a minute.
    pub user_requests_per_minute: u32,
    /// Streamers whom one person can add by name, over all servers; 0: any number.
    pub streamers_per_user: u32,
    /// What Twitch lets our subscriptions cost.
    pub subscription_budget: u32,
    /// Whether there is a room for everybody who is signed in.
    pub public_room: bool,
    /// Who moderates that room.
    pub room_moderators: Vec<UserId>,
    /// How long it takes until the schedule's next sweep, where a schedule starts them.
    pub sweep_every: time::Duration,
}

/// The parts and what is learned while running.
#[derive(Debug)]
pub(crate) struct Inner {
    parts: Parts,
    /// The token that Twitch takes from us, and its end.
    pub(crate) twitch_token: Mutex<Option<(Secret, OffsetDateTime)>>,
    pub(crate) bot_user: OnceCell<UserId>,
    pub(crate) places: PlacesCache,
    pub(crate) limits: Limits,
    pub(crate) admissions: Admissions,
    /// What Discord has refused of messages lately.
    pub(crate) refused_parts: RefusedParts,
    pub(crate) last_write: LastWrite,
    /// Channels' commands, and what addresses of theirs have answered.
    pub(crate) books: chat::Books,
    pub(crate) fetcher: chat::Fetcher,
    /// Channels that the chat bot is in.
    pub(crate) chat: chat::known::Known,
    process: Arc<Process>,
}

/// What is shared with the apps before and after this one.
#[derive(Debug)]
struct Process {
    stop: watch::Sender<bool>,
    health: Health,
    hub: Hub,
}

impl App {
    /// Puts the app together; connects to nothing yet.
    pub fn new(parts: Parts) -> Self {
        let (stop, health) = (watch::Sender::new(false), Health::default());
        Self::within(Arc::new(Process { stop, health, hub: Hub::default() }), parts)
    }

    /// The same, in the place of another app: whoever stops one of them stops both.
    pub fn in_place_of(before: &Self, parts: Parts) -> Self {
        Self::within(before.0.process.clone(), parts)
    }

    fn within(process: Arc<Process>, parts: Parts) -> Self {
        let (twitch_token, bot_user) = (Mutex::default(), OnceCell::new());
        let settings = &parts.settings;
        let limits = Limits::new(settings.api_rate_per_second, settings.webhook_rate_per_second);
        let admissions = Admissions::new(settings.source_requests_per_second);
        Self(Arc::new(Inner {
            parts,
            twitch_token,
            bot_user,
            limits,
            admissions,
            process,
            places: PlacesCache::default(),
            refused_parts: RefusedParts::default(),
            last_write: LastWrite::default(),
            books: chat::Books::default(),
            fetcher: chat::Fetcher::default(),
            chat: chat::known::Known::default(),
        }))
    }

    /// Asks workers to finish what is under way and to begin nothing new.
    pub fn stop(&self) {
        self.0.process.stop.send_replace(true);
    }

    /// Whether workers were asked to stop.
    pub fn is_stopping(&self) -> bool {
        *self.0.process.stop.borrow()
    }

    /// Waits until workers are asked to stop.
    pub async fn stopped(&self) {
        // The sender lives as long as we do.
        let _ = self.0.process.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// How the jobs of this process are.
    pub fn health(&self) -> &Health {
        &self.0.process.health
    }

    /// The sockets of this process.
    pub fn hub(&self) -> &Hub {
        &self.0.process.hub
    }

    /// Whether the newest of our secrets signs already; before that, the one before it does.
    pub(crate) fn newest_signs(&self) -> bool {
        self.settings.newest_signs_from.is_none_or(|from| from <= self.clock.now())
    }

    /// Whether Discord or Twitch has refused our own credentials since this was asked last.
    pub(crate) fn take_refusal(&self) -> bool {
        let (discord, twitch) = (self.discord.take_refusal(), self.twitch.take_refusal());
        discord || twitch
    }

    /// Whether another request of this kind is let through in this second, over all instances.
    pub async fn allows(&self, limited: Limited) -> bool {
        self.0.limits.allow(&self.pool, limited).await
    }

    /// Lets a request to our API through, or tells how long to wait.
    pub async fn admits(&self, sender: Sender) -> Result<(), Duration> {
        self.0.admissions.take(sender)?;
        for limited in sender.limits() {
            if !self.allows(*limited).await {
                // Another second begins soon.
                return Err(Duration::from_secs(1));
            }
        }
        Ok(())
    }

    /// What keeps the database from taking a webhook at this moment.
    pub async fn obstacle_to_writing(&self) -> sqlx::Result<Option<Obstacle>> {
        self.0.last_write.obstacle(&self.pool, self.clock.now()).await
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
