//! Twitch as far as the product uses it: OAuth, Helix, EventSub with signed deliveries and faults.
//!
//! Beside `/helix/…` and `/oauth2/…` it serves a control API for pages and the command line.
//! Bodies and answers are JSON; `{login}` is a user's login or id.
//!
//! | request | does |
//! |---|---|
//! | `GET /_sim/twitch/users` | users and whether they are live |
//! | `POST /_sim/twitch/users` | adds a user: `{"login":"ana","name":"Ana"}` |
//! | `POST /_sim/twitch/users/{login}/live` | goes live; answers the statuses of the deliveries |
//! | `POST /_sim/twitch/users/{login}/end` | ends the stream |
//! | `POST /_sim/twitch/users/{login}/update` | changes the channel: `{"title":"…","game":"…"}` |
//! | `POST /_sim/twitch/users/{login}/rename` | changes the names: `{"login":"…","name":"…"}` |
//! | `POST /_sim/twitch/users/{login}/revoke` | revokes the subscriptions: `{"status":"…"}` |
//! | `POST /_sim/twitch/users/{login}/remove` | removes the account and revokes |
//! | `POST /_sim/twitch/users/{login}/authorize` | authorises the application: cost 0 |
//! | `POST /_sim/twitch/users/{login}/deauthorize` | takes that back |
//! | `POST /_sim/twitch/users/{login}/trigger/{case}` | sends an edge case, such as `duplicate` |
//! | `GET /_sim/twitch/cases` | the edge cases |
//! | `GET /_sim/twitch/subscriptions` | the subscriptions |
//! | `GET /_sim/twitch/deliveries?since=0` | deliveries from a number on, and the `next` one |
//! | `GET /_sim/twitch/requests?since=0` | requests, the same way |
//! | `POST /_sim/twitch/streams-delay` | `{"seconds":60}`: Get Streams learns of streams later |
//! | `POST /_sim/twitch/expire-tokens` | makes all app tokens invalid |
//! | `GET /_sim/twitch/faults` | the faults that are left |
//! | `POST /_sim/twitch/faults` | adds a fault: `{"path":"streams","status":503,"times":3}` |
//! | `DELETE /_sim/twitch/faults` | removes all faults |

mod actions;
mod control;
mod delivery;
mod edge_cases;
mod eventsub;
mod helix;
mod http;
mod limits;
mod oauth;
mod resources;
mod world;

pub use delivery::{Delivery, SeenDelivery, Signature, sign};
pub use edge_cases::EdgeCase;
pub use world::Fault;

use axum::{Router, routing::any};
use limits::Bucket;
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
    /// Its secret.
    pub client_secret: String,
    /// How long after a failed delivery it is sent again; empty: never.
    ///
    /// After the last one the subscription is revoked.
    pub retries: Vec<Duration>,
    /// Helix's rate limit; `None`: no limit, and no headers that tell of one.
    pub points_per_minute: Option<u32>,
    /// How many subscriptions a list has on a page; Twitch does not say.
    pub subscriptions_per_page: usize,
    /// The clock that stamps deliveries.
    pub clock: Clock,
}

impl Options {
    /// A free port, no retries, Twitch's own rate limit.
    pub fn local(client_id: &str, client_secret: &str) -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            retries: Vec::new(),
            points_per_minute: Some(800),
            subscriptions_per_page: 100,
            clock: Clock::system(),
        }
    }
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
        let mut world = World::default();
        world.bucket = options.points_per_minute.map(Bucket::new);
        let shared = Arc::new(Shared {
            addr: listener.local_addr()?,
            world: Mutex::new(world),
            http: delivery::client()?,
            client_id: options.client_id,
            client_secret: options.client_secret,
            retries: options.retries,
            points_per_minute: options.points_per_minute,
            subscriptions_per_page: options.subscriptions_per_page,
            clock: options.clock,
        });
        let router = Router::new()
            .merge(control::router())
            .fallback(any(helix::handle))
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            // It ends with the process or by `stop`.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { shared, server: Some(server.abort_handle()) })
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

    /// Type and status of each subscription.
    pub fn subscriptions(&self) -> Vec<(String, String)> {
        let world = self.shared.world();
        world.subscriptions.iter().map(|s| (s.new.kind.clone(), s.status.clone())).collect()
    }

    /// How many app tokens were handed out.
    pub fn tokens_issued(&self) -> usize {
        self.shared.world().tokens.len()
    }

    /// Makes all app tokens invalid.
    pub fn expire_tokens(&self) {
        let mut world = self.shared.world();
        world.tokens_valid_from = world.tokens.len();
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.shared.world().faults.push(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.world().faults.clear();
    }

    /// Hides live streams from Get Streams until it is told otherwise.
    pub fn hide_streams(&self, hide: bool) {
        self.shared.world().streams_hidden = hide;
    }

    /// Lets Get Streams learn of a stream this much later, as Twitch does in the first minute.
    pub fn delay_streams(&self, delay: time::Duration) {
        self.shared.world().streams_delay = delay;
    }

    /// Challenges a callback before the request for it is answered, not at the same time.
    pub fn challenge_before_answer(&self, before: bool) {
        self.shared.world().challenge_first = before;
    }
}
