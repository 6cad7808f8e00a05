//! Twitch as far as the product uses it: OAuth, Helix, EventSub with signed deliveries and faults.
//!
//! Beside `/helix/…` and `/oauth2/…` it serves a control API for pages and the command line:
//!
//! | request | does |
//! |---|---|
//! | `GET /_sim/twitch/users` | users and whether they are live |
//! | `POST /_sim/twitch/users/{login}/live` | goes live; answers the statuses of the deliveries |
//! | `POST /_sim/twitch/users/{login}/end` | ends the stream |
//! | `POST /_sim/twitch/users/{login}/update` | changes the channel: `{"title":"…","game":"…"}` |
//! | `POST /_sim/twitch/users/{login}/trigger/{case}` | sends an edge case, such as `duplicate` |
//! | `GET /_sim/twitch/cases` | the edge cases |
//! | `POST /_sim/twitch/faults` | adds a fault: `{"path":"streams","status":503,"times":3}` |
//! | `DELETE /_sim/twitch/faults` | removes all faults |

mod control;
mod delivery;
mod edge_cases;
mod helix;
mod world;

pub use delivery::{Delivery, SeenDelivery, Signature, sign};
pub use edge_cases::EdgeCase;
pub use world::Fault;

use axum::{Router, routing::any};
use serde_json::json;
use sm_types::{Clock, StreamId, TwitchUserId};
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
    pub retries: Vec<Duration>,
    /// The clock that stamps deliveries.
    pub clock: Clock,
}

impl Options {
    /// A free port, no retries.
    pub fn local(client_id: &str, client_secret: &str) -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            retries: Vec::new(),
            clock: Clock::system(),
        }
    }
}

/// A running simulator; clones are the same one.
#[derive(Clone, Debug)]
pub struct TwitchSim {
    addr: SocketAddr,
    shared: Arc<Shared>,
    server: AbortHandle,
}

#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    http: reqwest::Client,
    client_id: String,
    client_secret: String,
    retries: Vec<Duration>,
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
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            world: Mutex::new(World::default()),
            http: delivery::client()?,
            client_id: options.client_id,
            client_secret: options.client_secret,
            retries: options.retries,
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
        Ok(Self { addr, shared, server: server.abort_handle() })
    }

    /// Stops listening.
    pub fn stop(&self) {
        self.server.abort();
    }

    /// The value of `TWITCH_API_URL`.
    pub fn api_url(&self) -> String {
        format!("http://{}/helix", self.addr)
    }

    /// The value of `TWITCH_AUTH_URL`.
    pub fn auth_url(&self) -> String {
        format!("http://{}/oauth2", self.addr)
    }

    /// Where the control API is.
    pub fn origin(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Adds a user.
    pub fn add_user(&self, login: &str, display_name: &str) -> TwitchUserId {
        TwitchUserId(self.shared.world().add_user(login, display_name))
    }

    /// Sets title and category without telling anybody.
    pub fn set_channel(&self, user: &TwitchUserId, title: &str, game: &str) {
        self.shared.world().set_channel(user.as_str(), title, game);
    }

    /// Sets how many are watching.
    pub fn set_viewers(&self, user: &TwitchUserId, viewers: u64) {
        self.shared.world().user_mut(user.as_str(), |user| user.viewers = viewers);
    }

    /// Hides live streams from Get Streams, as Twitch does in their first minute.
    pub fn hide_streams(&self, hide: bool) {
        self.shared.world().streams_hidden = hide;
    }

    /// Goes live and returns when every subscriber has answered.
    pub async fn go_live(&self, user: &TwitchUserId) -> StreamId {
        let (stream, event) = self.start_stream(user, "live");
        self.deliver(user, &Delivery::new("stream.online", event)).await;
        stream
    }

    /// Starts a stream without telling anybody; returns its id and the event that would tell.
    pub fn start_stream(&self, user: &TwitchUserId, kind: &str) -> (StreamId, serde_json::Value) {
        let now = self.shared.clock.now();
        let (stream, event) = self.shared.world().start_stream(user.as_str(), kind, now);
        (StreamId(stream), event)
    }

    /// Ends the stream and tells every subscriber.
    pub async fn end_stream(&self, user: &TwitchUserId) {
        let event = self.shared.world().end_stream(user.as_str());
        self.deliver(user, &Delivery::new("stream.offline", event)).await;
    }

    /// Changes title and category and tells every subscriber.
    pub async fn update_channel(&self, user: &TwitchUserId, title: &str, game: &str) {
        let event = {
            let mut world = self.shared.world();
            world.set_channel(user.as_str(), title, game);
            world.channel_event(user.as_str())
        };
        self.deliver(user, &Delivery::new("channel.update", event)).await;
    }

    /// Changes a user's names and tells every subscriber.
    pub async fn rename(&self, user: &TwitchUserId, login: &str, display_name: &str) {
        let event = json!({"user_id": user, "user_login": login, "user_name": display_name,
                           "email": "", "description": ""});
        self.shared.world().user_mut(user.as_str(), |user| {
            login.clone_into(&mut user.login);
            display_name.clone_into(&mut user.name);
        });
        self.deliver(user, &Delivery::new("user.update", event)).await;
    }

    /// Revokes a user's subscriptions and tells why.
    pub async fn revoke(&self, user: &TwitchUserId, status: &str) {
        self.shared.world().revoke(user.as_str(), status);
        let revocation = Delivery {
            message_type: "revocation".to_owned(),
            ..Delivery::new("", serde_json::Value::Null)
        };
        self.deliver_to_all(user, &revocation).await;
    }

    /// Sends something to the subscribers of its type; returns the statuses of their answers.
    pub async fn deliver(&self, user: &TwitchUserId, delivery: &Delivery) -> Vec<u16> {
        delivery::deliver(&self.shared, user.as_str(), Some(&delivery.kind), delivery).await
    }

    async fn deliver_to_all(&self, user: &TwitchUserId, delivery: &Delivery) -> Vec<u16> {
        delivery::deliver(&self.shared, user.as_str(), None, delivery).await
    }

    /// Plays an edge case; returns the statuses of the answers, in order.
    pub async fn trigger(&self, user: &TwitchUserId, case: EdgeCase) -> Vec<u16> {
        edge_cases::play(self, user, case).await
    }

    /// What has been delivered, oldest first.
    pub fn deliveries(&self) -> Vec<SeenDelivery> {
        self.shared.world().deliveries.clone()
    }

    /// Paths of the requests that came in, oldest first.
    pub fn requests(&self) -> Vec<String> {
        self.shared.world().requests.clone()
    }

    /// How many tokens were handed out.
    pub fn tokens_issued(&self) -> usize {
        self.shared.world().tokens.len()
    }

    /// Makes all tokens invalid.
    pub fn expire_tokens(&self) {
        self.shared.world().tokens_valid_from = self.tokens_issued();
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.shared.world().faults.push(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.world().faults.clear();
    }

    /// Status of each subscription, by type.
    pub fn subscriptions(&self) -> Vec<(String, String)> {
        let world = self.shared.world();
        world.subscriptions.iter().map(|s| (s.kind.clone(), s.status.clone())).collect()
    }

    /// Subscribes a callback at once, without a challenge.
    pub fn subscribe(&self, user: &TwitchUserId, kind: &str, callback: &str, secret: &str) {
        let condition = json!({ "broadcaster_user_id": user });
        let mut world = self.shared.world();
        let id = world.add_subscription(kind, "1", condition, callback, secret);
        world.set_status(&id, "enabled");
    }
}
