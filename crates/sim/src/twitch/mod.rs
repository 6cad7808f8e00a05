//! Twitch as far as the product uses it: OAuth, Helix, EventSub with signed deliveries and faults.
//!
//! `/oauth2/authorize` shows a page on which to choose the user; with `as=<login or id>` or
//! `deny=1` in its query it answers at once.
//!
//! Beside `/helix/…` and `/oauth2/…` it serves a control API for pages and the command line.
//! Bodies and answers are JSON; `{login}` is a user's login or id.
//!
//! | request | does |
//! |---|---|
//! | `GET /_sim/twitch/users` | users and whether they are live |
//! | `POST /_sim/twitch/users` | adds a user: `{"login":"ana","display_name":"Ana"}` |
//! | `POST /_sim/twitch/users/{login}/live` | goes live; answers the statuses of the deliveries |
//! | `POST /_sim/twitch/users/{login}/end` | ends the stream |
//! | `POST /_sim/twitch/users/{login}/update` | changes the channel: `{"title":"…","game":"…"}` |
//! | `POST /_sim/twitch/users/{login}/rename` | changes the names: `{"login":"…","display_name":"…"}` |
//! | `POST /_sim/twitch/users/{login}/revoke` | revokes the subscriptions: `{"status":"…"}` |
//! | `POST /_sim/twitch/users/{login}/remove` | removes the account and revokes |
//! | `POST /_sim/twitch/users/{login}/restore` | brings a removed account back |
//! | `POST /_sim/twitch/users/{login}/authorize` | authorises the application: cost 0 |
//! | `POST /_sim/twitch/users/{login}/deauthorize` | takes that back, and ends the user's tokens |
//! | `POST /_sim/twitch/users/{login}/trigger/{case}` | sends an edge case, such as `duplicate` |
//! | `GET /_sim/twitch/cases` | the edge cases |
//! | `GET /_sim/twitch/subscriptions` | the subscriptions |
//! | `DELETE /_sim/twitch/subscriptions/{id}` | loses one, silently |
//! | `POST /_sim/twitch/subscriptions/{id}/status` | `{"status":"…"}`: sets it, silently |
//! | `GET /_sim/twitch/deliveries?since=0` | deliveries from a number on, and the `next` one |
//! | `GET /_sim/twitch/requests?since=0` | requests, the same way |
//! | `GET /_sim/twitch/pictures/avatar-{login}.svg` | an avatar; `preview-{login}-{width}x{height}.svg`: a preview |
//! | `GET /_sim/twitch/chat/{login}` | a channel's lines; `POST`: types one: `{"user":"bea","text":"!hi","role":"vip"}` |
//! | `GET /_sim/twitch/chat/{login}/page` | a page to type in as any viewer |
//! | `POST /_sim/twitch/chat/{login}/role` | `{"user":"bea","role":"moderator"}` |
//! | `POST /_sim/twitch/chat/{login}/slow` | slow mode: `{"seconds":30}`; `timeout`, `ban` (and `DELETE`): of a `user` |
//! | `POST /_sim/twitch/chat/{login}/drop` | drops what is said next: `{"code":"automod_held"}` |
//! | `POST /_sim/twitch/chat/{login}/share` | shares the chat: `{"with":["bea"]}` |
//! | `POST /_sim/twitch/device/{code}` | a person agrees to what a device asks for: `{"as":"maxbot"}` |
//! | `POST /_sim/twitch/listing-lag` | `{"start":60,"end":150}`: how far Get Streams is behind; `null`: until told |
//! | `POST /_sim/twitch/catch-up` | Get Streams learns at once of what has begun and ended |
//! | `POST /_sim/twitch/expire-tokens` | makes all access tokens invalid |
//! | `POST /_sim/twitch/expire-user-tokens` | makes those of users invalid |
//! | `POST /_sim/twitch/expire-app-tokens` | makes those of the application invalid |
//! | `GET /_sim/twitch/faults` | the faults that are left |
//! | `POST /_sim/twitch/faults` | adds a fault: `{"path":"GET streams","times":3,"status":503}`, as [`crate::unkind`] has it |
//! | `DELETE /_sim/twitch/faults` | removes all faults |

mod actions;
mod authorize;
mod chat;
mod control;
mod delivery;
mod device;
mod edge_cases;
mod eventsub;
mod faults;
mod helix;
mod http;
mod limits;
mod listing;
mod model;
mod oauth;
mod pictures;
mod resources;
mod switches;
mod tokens;
mod world;

pub use chat::{Role, SeenLine};
pub use delivery::{Delivery, Signature, sign};
pub use edge_cases::EdgeCase;
pub use faults::Challenge;
pub use helix::ROUTES;
pub use listing::ListingLag;
pub use model::{SeenDelivery, game_id};

/// An answer that goes wrong; its path is what stands behind `/helix/` or `/oauth2/`.
pub type Fault = crate::unkind::Fault;

use axum::{Router, routing::any};
use limits::Bucket;
use model::{NewSubscription, Subscription};
use serde_json::Value;
use sm_types::Clock;
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{net::TcpListener, task::AbortHandle};
use world::World;

/// How to run it.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// The only application.
    pub client_id: String,
    pub client_secret: String,
    /// How long after a failed delivery it is sent again; empty: never.
    ///
    /// After the last one the subscription is revoked.
    pub retries: Vec<Duration>,
    /// Helix's rate limit; `None`: no limit, and no headers that tell of one.
    pub points_per_minute: Option<u32>,
    /// How many subscriptions a list has on a page; Twitch does not say.
    pub subscriptions_per_page: usize,
    /// Where users may be sent back to, as registered; empty: anywhere.
    pub redirect_uris: Vec<String>,
    /// Whether each use of a refresh token gives another one and ends the first.
    pub rotate_refresh_tokens: bool,
    /// How far Get Streams lags behind.
    pub listing_lag: ListingLag,
    /// The clock that stamps deliveries and ends tokens.
    pub clock: Clock,
}

impl Options {
    /// A free port, no retries, Twitch's own rate limit and its lag.
    pub fn local(client_id: &str, client_secret: &str) -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            retries: Vec::new(),
            points_per_minute: Some(800),
            subscriptions_per_page: 100,
            redirect_uris: Vec::new(),
            rotate_refresh_tokens: false,
            listing_lag: ListingLag::default(),
            clock: Clock::system(),
        }
    }
}

/// A subscription as Twitch has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenSubscription {
    pub id: String,
    /// The subscription type.
    pub kind: String,
    /// The type's version.
    pub version: String,
    /// What it is about.
    pub condition: Value,
    /// Where it is delivered to.
    pub callback: String,
    /// What deliveries are signed with; Twitch itself tells nobody.
    pub secret: String,
    /// `enabled`, or why it is not.
    pub status: String,
    /// What it costs: nothing or 1.
    pub cost: u64,
}

impl SeenSubscription {
    fn of(subscription: &Subscription) -> Self {
        let Subscription { id, new, status, cost, .. } = subscription.clone();
        let NewSubscription { kind, version, condition, callback, secret } = new;
        Self { id, kind, version, condition, callback, secret, status, cost }
    }
}

/// How many requests about subscriptions there have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventSubRequests {
    /// Requests for a new one.
    pub create: usize,
    /// Requests for a page of the list.
    pub list: usize,
    /// Requests to delete one.
    pub delete: usize,
}

/// A running simulator; clones are the same one.
#[derive(Clone, Debug)]
pub struct TwitchSim {
    shared: Arc<Shared>,
    server: Option<AbortHandle>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    addr: SocketAddr,
    world: Mutex<World>,
    http: reqwest::Client,
    client_id: String,
    client_secret: String,
    retries: Vec<Duration>,
    points_per_minute: Option<u32>,
    subscriptions_per_page: usize,
    redirect_uris: Mutex<Vec<String>>,
    rotate_refresh_tokens: bool,
    clock: Clock,
}

impl Shared {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TwitchSim {
    /// Starts listening.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.addr).await?;
        let bucket = options.points_per_minute.map(Bucket::new);
        let shared = Arc::new(Shared {
            addr: listener.local_addr()?,
            world: Mutex::new(World::new(bucket, options.listing_lag)),
            http: delivery::client()?,
            client_id: options.client_id,
            client_secret: options.client_secret,
            retries: options.retries,
            points_per_minute: options.points_per_minute,
            subscriptions_per_page: options.subscriptions_per_page,
            redirect_uris: Mutex::new(options.redirect_uris),
            rotate_refresh_tokens: options.rotate_refresh_tokens,
            clock: options.clock,
        });
        let router = Router::new()
            .merge(control::router())
            .merge(chat::router())
            .fallback(any(helix::handle))
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            // It ends with the process or by `stop`.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { shared, server: Some(server.abort_handle()) })
    }

    /// Registers an address that users may be sent back to; from the first one on, no other.
    pub fn add_redirect_uri(&self, uri: &str) {
        let registered = &self.shared.redirect_uris;
        registered.lock().unwrap_or_else(PoisonError::into_inner).push(uri.to_owned());
    }

    /// Stops listening.
    pub fn stop(&self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }

    /// The value of `TWITCH_API_URL`.
    pub fn api_url(&self) -> String {
        format!("{}/helix", self.origin())
    }

    /// The value of `TWITCH_AUTH_URL`.
    pub fn auth_url(&self) -> String {
        format!("{}/oauth2", self.origin())
    }

    /// Where the control API is.
    pub fn origin(&self) -> String {
        format!("http://{}", self.shared.addr)
    }

    /// What has been delivered, challenges too, oldest first.
    pub fn deliveries(&self) -> Vec<SeenDelivery> {
        self.shared.world().deliveries.clone()
    }

    /// Methods and paths of the requests that came in, oldest first.
    pub fn requests(&self) -> Vec<String> {
        self.shared.world().requests.clone()
    }

    /// The subscriptions as they are now, oldest first.
    pub fn subscriptions(&self) -> Vec<SeenSubscription> {
        self.shared.world().subscriptions.iter().map(SeenSubscription::of).collect()
    }

    /// How often subscriptions have been asked for, refused requests included.
    pub fn eventsub_requests(&self) -> EventSubRequests {
        let world = self.shared.world();
        let count = |method: &str| {
            let request = format!("{method} /helix/eventsub/subscriptions");
            world.requests.iter().filter(|sent| **sent == request).count()
        };
        EventSubRequests { create: count("POST"), list: count("GET"), delete: count("DELETE") }
    }

    /// How often somebody wanted a code exchanged.
    pub fn token_exchanges(&self) -> usize {
        self.shared.world().tokens.exchanges
    }

    /// How many app tokens were handed out.
    pub fn tokens_issued(&self) -> usize {
        self.shared.world().tokens.app_tokens_issued
    }
}
