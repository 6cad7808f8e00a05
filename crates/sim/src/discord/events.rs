//! Webhook events and where they and interactions go: what Discord tells the application of its own accord, signed with Ed25519.

use super::{
    DiscordSim, Shared,
    answers::{self, Refusal},
    members, resources,
    world::World,
};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sm_types::{GuildId, UserId};
use std::{io, sync::Arc, time::Duration};

/// Discord waits no longer for an answer.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Of which the keys are made; known, so that tests can have vectors.
const SEED: [u8; 32] = [7; 32];
const STALE_SECONDS: u64 = 3600;

/// How an event is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// As it should be.
    Good,
    /// With a signature of something else, as Discord's own probes do.
    Bad,
    /// Without both headers.
    Missing,
    /// Rightly, an hour ago.
    Stale,
}

/// What is needed to send events.
#[derive(Debug)]
pub(super) struct Sender {
    http: reqwest::Client,
    keys: Ed25519KeyPair,
    retries: Vec<Duration>,
}

impl Sender {
    pub(super) fn new(retries: Vec<Duration>) -> io::Result<Self> {
        let keys = Ed25519KeyPair::from_seed_unchecked(&SEED);
        let keys = keys.map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self { http: client()?, keys, retries })
    }

    pub(super) fn public_key_hex(&self) -> String {
        hex::encode(self.keys.public_key())
    }
}

/// What an application changes of itself.
#[derive(Debug)]
pub(super) enum Edit {
    Events(EventsTo),
    /// Where interactions are to go; `None`: nowhere.
    Interactions(Option<String>),
}

impl Edit {
    pub(super) fn parse(body: &Value) -> Result<Self, Refusal> {
        match body.get("interactions_endpoint_url") {
            Some(url) => Ok(Self::Interactions(url.as_str().map(str::to_owned))),
            None => EventsTo::parse(body).map(Self::Events),
        }
    }
}

/// Tries an address as Discord does, with a ping and with a forged one, and keeps it when both are answered rightly.
pub(super) async fn register(shared: &Shared, edit: Edit) -> Result<Value, Refusal> {
    match edit {
        Edit::Events(to) => register_events(shared, to).await,
        Edit::Interactions(url) => register_interactions(shared, url).await,
    }
}

async fn register_interactions(shared: &Shared, url: Option<String>) -> Result<Value, Refusal> {
    if let Some(url) = &url {
        let ping = interaction_ping(&mut shared.world(), shared).to_string();
        let good = post(shared, url, ping.as_bytes(), Signing::Good).await;
        let forged = send(shared, url, ping.as_bytes(), Signing::Bad).await;
        let pong = good.and_then(|(status, body)| {
            let body: Value = serde_json::from_slice(&body).ok()?;
            (status == 200 && body == json!({ "type": 1 })).then_some(())
        });
        if pong.is_none() || forged != Some(401) {
            let why = "The specified interactions endpoint url could not be verified.";
            return Err(Refusal::invalid("interactions_endpoint_url", why));
        }
    }
    let mut world = shared.world();
    world.interactions_url = url;
    Ok(resources::application(shared, &world))
}

/// An interaction that asks whether the endpoint is there.
pub(super) fn interaction_ping(world: &mut World, shared: &Shared) -> Value {
    let id = world.snowflake().to_string();
    json!({ "id": id, "application_id": shared.application.client_id, "type": 1, "token": "ping", "version": 1 })
}

/// Where events are to go, as an application asks for it.
#[derive(Debug)]
pub(super) struct EventsTo {
    url: Option<String>,
    types: Vec<String>,
}

impl EventsTo {
    /// Off, or on with an address; the rest of Discord's form is for its document to judge.
    pub(super) fn parse(body: &Value) -> Result<Self, Refusal> {
        let url = body["event_webhooks_url"].as_str().map(str::to_owned);
        match (&url, body["event_webhooks_status"].as_u64()) {
            (Some(_), Some(2)) | (None, Some(1)) => {}
            _ => return Err(Refusal::invalid("event_webhooks_status", "Must go with a URL")),
        }
        let types = body["event_webhooks_types"].as_array().into_iter().flatten();
        Ok(Self { url, types: types.filter_map(|t| t.as_str().map(str::to_owned)).collect() })
    }
}

async fn register_events(shared: &Shared, to: EventsTo) -> Result<Value, Refusal> {
    if let Some(url) = &to.url {
        let ping = outer(shared, 0).to_string();
        let good = send(shared, url, ping.as_bytes(), Signing::Good).await;
        let forged = send(shared, url, ping.as_bytes(), Signing::Bad).await;
        if (good, forged) != (Some(204), Some(401)) {
            let why = "The specified event webhooks endpoint url could not be verified.";
            return Err(Refusal::invalid("event_webhooks_url", why));
        }
    }
    let mut world = shared.world();
    (world.webhook_events_url, world.webhook_events_types) = (to.url, to.types);
    Ok(resources::application(shared, &world))
}

impl DiscordSim {
    /// Sends what is for addresses that begin so to another one: those behind a network that is not here.
    pub fn set_detour(&self, from: &str, to: &str) {
        self.shared.world().detour = Some((from.to_owned(), to.to_owned()));
    }

    /// Where webhook events go.
    pub fn webhook_events_url(&self) -> Option<String> {
        self.shared.world().webhook_events_url.clone()
    }

    /// Sets where webhook events go; before that none is sent.
    pub fn set_webhook_events_url(&self, url: &str) {
        self.shared.world().webhook_events_url = Some(url.to_owned());
    }

    /// The key that signatures are checked with: 64 hex digits.
    pub fn public_key_hex(&self) -> String {
        self.shared.sender.public_key_hex()
    }

    /// Tells that a user has consented, to the bot in a guild or to a login.
    ///
    /// The answers' statuses, one per attempt; an attempt without an answer has none.
    pub async fn send_application_authorized(
        &self,
        user: UserId,
        guild: Option<GuildId>,
    ) -> Vec<u16> {
        let body = authorized(&self.shared, user.0, guild.map(|guild| guild.0));
        self.send_event(body.to_string().as_bytes(), Signing::Good).await
    }

    /// Tells that a user has withdrawn the consent; the tokens stay as they are.
    ///
    /// A revocation by the application sends it too.
    pub async fn send_application_deauthorized(&self, user: UserId) -> Vec<u16> {
        deauthorized(&self.shared, user.0).await
    }

    /// Asks whether the endpoint is there: 204 says so.
    pub async fn send_ping(&self) -> Vec<u16> {
        let body = outer(&self.shared, 0);
        self.send_event(body.to_string().as_bytes(), Signing::Good).await
    }

    /// Sends any body, signed or not.
    pub async fn send_event(&self, body: &[u8], signing: Signing) -> Vec<u16> {
        deliver(&self.shared, body, signing).await
    }
}

/// Tells that a user's tokens are dead.
pub(super) async fn deauthorized(shared: &Shared, user: u64) -> Vec<u16> {
    let body = {
        let world = shared.world();
        let data = json!({ "user": members::user(&world, user) });
        event(shared, &world, "APPLICATION_DEAUTHORIZED", data)
    };
    deliver(shared, body.to_string().as_bytes(), Signing::Good).await
}

fn authorized(shared: &Shared, user: u64, guild: Option<u64>) -> Value {
    let world = shared.world();
    let mut data = json!({ "user": members::user(&world, user), "scopes": ["identify", "guilds"] });
    if let Some(guild) = guild {
        data["integration_type"] = json!(0);
        data["scopes"] = json!(["applications.commands", "bot"]);
        data["guild"] = json!(resources::guild(&world, guild, false));
    }
    event(shared, &world, "APPLICATION_AUTHORIZED", data)
}

fn event(shared: &Shared, world: &World, kind: &str, data: Value) -> Value {
    let mut body = outer(shared, 1);
    // Discord's times have no offset here.
    let timestamp = answers::iso(world.now_ms()).unwrap_or_default();
    let timestamp = timestamp.trim_end_matches("+00:00");
    body["event"] = json!({ "type": kind, "timestamp": timestamp, "data": data });
    body
}

/// The envelope; type 0 is a ping, 1 an event.
fn outer(shared: &Shared, kind: u8) -> Value {
    json!({ "version": 1, "application_id": shared.application.client_id, "type": kind })
}

/// Sends until the answer is 204 or the retries are used up; a probe is sent once.
async fn deliver(shared: &Shared, body: &[u8], signing: Signing) -> Vec<u16> {
    let Some(url) = shared.world().webhook_events_url.clone() else { return Vec::new() };
    let mut statuses = Vec::new();
    let retries = if signing == Signing::Good { shared.sender.retries.as_slice() } else { &[] };
    let mut waits = retries.iter();
    loop {
        let status = send(shared, &url, body, signing).await;
        statuses.extend(status);
        match waits.next() {
            Some(wait) if status != Some(204) => tokio::time::sleep(*wait).await,
            _ => return statuses,
        }
    }
}

async fn send(shared: &Shared, url: &str, body: &[u8], signing: Signing) -> Option<u16> {
    post(shared, url, body, signing).await.map(|(status, _)| status)
}

/// Posts a body, signed or not; status and body of the answer, if there is one in time.
pub(super) async fn post(
    shared: &Shared,
    url: &str,
    body: &[u8],
    signing: Signing,
) -> Option<(u16, Vec<u8>)> {
    let (now, detour) = {
        let world = shared.world();
        (world.now_ms() / 1000, world.detour.clone())
    };
    let url = match detour {
        Some((from, to)) => url.replacen(&from, &to, 1),
        None => url.to_owned(),
    };
    let age = if signing == Signing::Stale { STALE_SECONDS } else { 0 };
    let timestamp = now.saturating_sub(age).to_string();
    let signed = match signing {
        Signing::Bad => b"something else".to_vec(),
        _ => [timestamp.as_bytes(), body].concat(),
    };
    let mut request = shared.sender.http.post(url).header("content-type", "application/json");
    if signing != Signing::Missing {
        let signature = hex::encode(shared.sender.keys.sign(&signed));
        request = request
            .header("x-signature-ed25519", signature)
            .header("x-signature-timestamp", timestamp);
    }
    let answer = request.body(body.to_vec()).send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.bytes().await.ok()?.to_vec()))
}

/// The client of the simulator: it stands for Discord's own and has no part in the product's.
#[expect(clippy::disallowed_methods, reason = "a simulator must not share the product's client")]
fn client() -> io::Result<reqwest::Client> {
    // The endpoint is on this machine and speaks plain HTTP: no certificate is trusted.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()
        .map_err(io::Error::other)
}
