//! Limits over all instances: requests to our API, and verified webhooks.
//!
//! Each instance takes as many requests out of the present second from Postgres as it will probably need
//! within a quarter of it, and spends them without asking again. While it spends the second half of them it
//! asks for more in the background, so that a busy instance does not wait. One that hardly sees a request
//! does not ask at all.

use sm_db::Pool;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout};

const SECOND: Duration = Duration::from_secs(1);
/// How long a refusal is taken for granted; a new second may have begun by then.
const REFUSAL_HOLDS: Duration = Duration::from_millis(20);
/// How long a request waits to learn whether it may pass.
const PATIENCE: Duration = SECOND;

/// Lines of chat that are let through for each other webhook: one that nobody answers touches no row.
const CHAT_SHARE: i32 = 10;

/// What is limited, each by itself: what is used up of one is not missing from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// Requests to our API.
    Api,
    /// Those of them that come without a session.
    Strangers,
    /// Those of them that begin or end a sign-in.
    SignIns,
    /// Webhooks about a stream's begin and end.
    Streams,
    /// Webhooks about a channel's title and category, which some channels change by the minute.
    ChannelUpdates,
    /// Webhooks about what viewers do, which come in crowds.
    Viewers,
    /// Lines of chat: many, of which most cost nothing.
    Chat,
    /// All other webhooks of Twitch.
    OtherWebhooks,
    /// Webhooks of Discord.
    DiscordWebhooks,
    /// What people do on Discord with commands and buttons.
    Interactions,
}

impl Limited {
    /// The limit of Twitch's webhooks of a subscription's type.
    pub fn webhook(subscription_type: &str) -> Self {
        match subscription_type {
            "stream.online" | "stream.offline" => Self::Streams,
            "channel.update" => Self::ChannelUpdates,
            "channel.follow"
            | "channel.raid"
            | "channel.subscribe"
            | "channel.subscription.gift"
            | "channel.cheer" => Self::Viewers,
            "channel.chat.message" => Self::Chat,
            _ => Self::OtherWebhooks,
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Strangers => "api/strangers",
            Self::SignIns => "api/sign-ins",
            Self::Streams => "webhooks/streams",
            Self::ChannelUpdates => "webhooks/channel-updates",
            Self::Viewers => "webhooks/viewers",
            Self::Chat => "webhooks/chat",
            Self::OtherWebhooks => "webhooks/others",
            Self::DiscordWebhooks => "webhooks/discord",
            Self::Interactions => "interactions",
        }
    }
}

/// The limits of an app; 0 per second turns one off.
#[derive(Debug)]
pub(crate) struct Limits([Arc<SharedLimit>; 10]);

impl Limits {
    pub(crate) fn new(api_per_second: i32, webhooks_per_second: i32) -> Self {
        let limit = |limited, per_second| Arc::new(SharedLimit::new(limited, per_second));
        // A part of what is limited is limited too.
        let part = |of: i32| if api_per_second <= 0 { 0 } else { (api_per_second / of).max(1) };
        // In the order of `Limited`.
        Self([
            limit(Limited::Api, api_per_second),
            limit(Limited::Strangers, part(2)),
            limit(Limited::SignIns, part(20)),
            limit(Limited::Streams, webhooks_per_second),
            limit(Limited::ChannelUpdates, webhooks_per_second),
            limit(Limited::Viewers, webhooks_per_second),
            limit(Limited::Chat, webhooks_per_second.saturating_mul(CHAT_SHARE)),
            limit(Limited::OtherWebhooks, webhooks_per_second),
            limit(Limited::DiscordWebhooks, webhooks_per_second),
            limit(Limited::Interactions, webhooks_per_second),
        ])
    }

    /// Whether another request is let through in this second.
    pub(crate) async fn allow(&self, pool: &Pool, limited: Limited) -> bool {
        self.0[limited as usize].take(pool).await
    }
}

/// A limit shared by all instances.
#[derive(Debug)]
struct SharedLimit {
    limited: Limited,
    per_second: i32,
    lease: Mutex<Lease>,
    /// Held while asking: a hundred requests at once need one batch after the other, not a hundred.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Lease {
    left: i32,
    /// Where what is left goes below this, it is time to ask for more.
    low: i32,
    until: Instant,
    /// The second's first request needs no lease.
    free_from: Instant,
    /// Until then nobody asks again whether there is anything left.
    refused_until: Instant,
    /// Until then everything passes: the database did not answer.
    open_until: Instant,
    demand: Demand,
}

/// How many requests came, by this instance's own seconds.
#[derive(Debug)]
struct Demand {
    since: Instant,
    now: i32,
    before: i32,
}

impl Demand {
    fn count(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        if passed >= SECOND {
            self.before = if passed < 2 * SECOND { self.now } else { 0 };
            (self.since, self.now) = (now, 0);
        }
        self.now = self.now.saturating_add(1);
    }

    /// What is probably needed within a quarter of a second, and no more than a quarter of the limit: what
    /// one instance holds and does not use is missing elsewhere.
    fn batch(&self, per_second: i32) -> i32 {
        (self.now.max(self.before) / 4).clamp(1, (per_second / 4).max(1))
    }
}

/// What an instance knows by itself.
enum Known {
    Passes,
    /// It passes, and what is left will soon be used up.
    PassesAndAsk,
    Refused,
    Unknown,
}

impl SharedLimit {
    fn new(limited: Limited, per_second: i32) -> Self {
        let now = Instant::now();
        let lease = Lease {
            left: 0,
            low: 0,
            until: now,
            free_from: now,
            refused_until: now,
            open_until: now,
            demand: Demand { since: now, now: 0, before: 0 },
        };
        Self {
            limited,
            per_second,
            lease: Mutex::new(lease),
            asking: tokio::sync::Mutex::default(),
        }
    }

    /// Takes one request; false when this second is used up.
    async fn take(self: &Arc<Self>, pool: &Pool) -> bool {
        if self.per_second <= 0 {
            return true;
        }
        self.lease().demand.count(Instant::now());
        match self.take_leased() {
            Known::Passes => return true,
            Known::PassesAndAsk => {
                self.ask_in_background(pool);
                return true;
            }
            Known::Refused => return false,
            Known::Unknown => {}
        }
        let _asking = self.asking.lock().await;
        match self.take_leased() {
            Known::Passes | Known::PassesAndAsk => true,
            Known::Refused => false,
            Known::Unknown => {
                let passes = self.ask(pool).await;
                let mut lease = self.lease();
                lease.left = (lease.left - i32::from(passes)).max(0);
                passes
            }
        }
    }

    /// Asks for more while requests are still let through; once at a time.
    fn ask_in_background(self: &Arc<Self>, pool: &Pool) {
        let (limit, pool) = (self.clone(), pool.clone());
        tokio::spawn(async move {
            if let Ok(_asking) = limit.asking.try_lock()
                && limit.lease().is_low()
            {
                limit.ask(&pool).await;
            }
        });
    }

    /// Leases a batch, or notes that there is none; whether requests may pass.
    ///
    /// A database that does not answer limits nothing: the request will find out by itself.
    async fn ask(&self, pool: &Pool) -> bool {
        let batch = self.lease().demand.batch(self.per_second);
        let leased = sm_db::limits::lease(pool, self.limited.key(), batch, self.per_second);
        let answer = timeout(PATIENCE, leased).await;
        let mut lease = self.lease();
        match answer {
            Ok(Ok(Some(new))) => lease.add(new, Instant::now()),
            Ok(Ok(None)) => {
                lease.refused_until = Instant::now() + REFUSAL_HOLDS;
                return false;
            }
            Ok(Err(error)) => {
                lease.open_until = Instant::now() + SECOND;
                tracing::warn!(%error, limit = self.limited.key(), "a limit could not be looked up");
            }
            Err(_) => {
                lease.open_until = Instant::now() + SECOND;
                tracing::warn!(limit = self.limited.key(), "a limit was not looked up in time");
            }
        }
        true
    }

    fn lease(&self) -> MutexGuard<'_, Lease> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_leased(&self) -> Known {
        let now = Instant::now();
        let mut lease = self.lease();
        if now >= lease.free_from {
            lease.free_from = now + SECOND;
            return Known::Passes;
        }
        if lease.left > 0 && lease.until > now {
            lease.left -= 1;
            if lease.is_low() && lease.refused_until <= now {
                return Known::PassesAndAsk;
            }
            return Known::Passes;
        }
        if lease.open_until > now {
            return Known::Passes;
        }
        if lease.refused_until > now { Known::Refused } else { Known::Unknown }
    }
}

impl Lease {
    fn is_low(&self) -> bool {
        self.left < self.low
    }

    /// Counted from the answer, so that a database far away does not cut the second short. What the answer
    /// took on its way back is what a lease may be used for too long.
    fn add(&mut self, new: sm_db::limits::Lease, answered: Instant) {
        let until = answered + Duration::try_from_secs_f64(new.seconds).unwrap_or_default();
        // What is left of the second before is worth nothing in this one.
        let same_second = until.saturating_duration_since(self.until) < SECOND / 2;
        self.left = if same_second { self.left + new.granted } else { new.granted };
        self.low = self.left / 2;
        self.until = until;
    }
}
