//! Signed deliveries over HTTP, with retries.

use super::{Shared, world::Subscription};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;
use std::{io, sync::Arc, time::Duration};
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

const TIMEOUT: Duration = Duration::from_secs(10);

/// How a delivery is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signature {
    /// As Twitch does.
    #[default]
    Good,
    /// With a digit changed.
    Broken,
    /// With another secret.
    WrongSecret,
    /// Without the header.
    Missing,
}

/// Something to send.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The subscription type.
    pub kind: String,
    /// The event.
    pub event: Value,
    /// `notification`, `revocation` or `webhook_callback_verification`.
    pub message_type: String,
    /// The message's id; a new one when not given.
    pub message_id: Option<String>,
    /// How far the timestamp lies in the past; negative: in the future.
    pub age: time::Duration,
    /// How it is signed.
    pub signature: Signature,
    /// The body instead of the right one.
    pub body: Option<Vec<u8>>,
}

impl Delivery {
    /// A notification as Twitch sends it.
    pub fn new(kind: &str, event: Value) -> Self {
        Self {
            kind: kind.to_owned(),
            event,
            message_type: "notification".to_owned(),
            message_id: None,
            age: time::Duration::ZERO,
            signature: Signature::Good,
            body: None,
        }
    }
}

/// A delivery and its answer.
#[derive(Debug, Clone, Serialize)]
pub struct SeenDelivery {
    /// The message's id.
    pub message_id: String,
    /// The subscription type.
    pub kind: String,
    /// The status of the answer; `None`: there was none.
    pub status: Option<u16>,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

/// The client of the simulator: it stands for Twitch's own and has no part in the product's.
#[expect(clippy::disallowed_methods, reason = "a simulator must not share the product's client")]
pub(super) fn client() -> io::Result<reqwest::Client> {
    // Subscribers are on this machine and speak plain HTTP: no certificate is trusted.
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

/// Sends to all subscriptions about a user, of one type or of all; returns the statuses, 0 for none.
pub(super) async fn deliver(
    shared: &Arc<Shared>,
    user: &str,
    kind: Option<&str>,
    delivery: &Delivery,
) -> Vec<u16> {
    let fits = |s: &&Subscription| {
        let wanted = kind.is_none_or(|kind| s.kind == kind);
        let alive = s.status == "enabled" || delivery.message_type == "revocation";
        wanted && alive && s.is_about(user)
    };
    let all: Vec<Subscription> =
        shared.world().subscriptions.iter().filter(fits).cloned().collect();
    let mut statuses = Vec::new();
    for subscription in all {
        let message_id = delivery.message_id.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
        let status = post(shared, &subscription, &message_id, delivery).await;
        if !status.is_some_and(|status| (200..300).contains(&status)) && delivery.body.is_none() {
            retry_later(shared.clone(), subscription, message_id, delivery.clone());
        }
        statuses.push(status.unwrap_or(0));
    }
    statuses
}

/// Sends again under the same id until it is taken or the tries are used up.
fn retry_later(
    shared: Arc<Shared>,
    subscription: Subscription,
    message_id: String,
    delivery: Delivery,
) {
    if shared.retries.is_empty() {
        return;
    }
    tokio::spawn(async move {
        for wait in &shared.retries {
            tokio::time::sleep(*wait).await;
            let status = post(&shared, &subscription, &message_id, &delivery).await;
            if status.is_some_and(|status| (200..300).contains(&status)) {
                return;
            }
        }
        let status = "notification_failures_exceeded";
        shared.world().set_status(&subscription.id, status);
        tracing::warn!(
            subscription.kind,
            "a subscriber failed too often: the subscription is revoked"
        );
        let revoked = Delivery { message_type: "revocation".to_owned(), ..delivery };
        let subscription = Subscription { status: status.to_owned(), ..subscription };
        post(&shared, &subscription, &Uuid::new_v4().to_string(), &revoked).await;
    });
}

/// Asks a callback whether it is the application's, and records the outcome.
pub(super) async fn challenge(shared: Arc<Shared>, id: String) {
    let found = shared.world().subscriptions.iter().find(|s| s.id == id).cloned();
    let Some(subscription) = found else { return };
    let challenge = Uuid::new_v4().to_string();
    let body = json!({ "challenge": challenge, "subscription": subscription.json() });
    let delivery = Delivery {
        message_type: "webhook_callback_verification".to_owned(),
        body: Some(body.to_string().into_bytes()),
        ..Delivery::new(&subscription.kind, Value::Null)
    };
    let message_id = Uuid::new_v4().to_string();
    let answer = request(&shared, &subscription, &message_id, &delivery).send().await;
    let verified = match answer {
        Ok(answer) => is_right(answer, &challenge).await,
        Err(_) => false,
    };
    let status = if verified { "enabled" } else { "webhook_callback_verification_failed" };
    shared.world().set_status(&id, status);
}

/// The checks that Twitch's own tool makes: exact body, a text/plain type, a 2xx.
async fn is_right(answer: reqwest::Response, challenge: &str) -> bool {
    let kind =
        answer.headers().get("content-type").and_then(|v| v.to_str().ok().map(str::to_owned));
    let plain = kind.is_some_and(|kind| kind.split(';').next() == Some("text/plain"));
    let ok = answer.status().is_success();
    ok && plain && answer.text().await.is_ok_and(|body| body == challenge)
}

async fn post(
    shared: &Shared,
    subscription: &Subscription,
    message_id: &str,
    delivery: &Delivery,
) -> Option<u16> {
    let sent = std::time::Instant::now();
    let answer = request(shared, subscription, message_id, delivery).send().await;
    let status = answer.ok().map(|answer| answer.status().as_u16());
    let took_us = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
    let (message_id, kind) = (message_id.to_owned(), subscription.kind.clone());
    shared.world().deliveries.push(SeenDelivery { message_id, kind, status, took_us });
    status
}

fn request(
    shared: &Shared,
    subscription: &Subscription,
    message_id: &str,
    delivery: &Delivery,
) -> reqwest::RequestBuilder {
    let sent_at = shared.clock.now() - delivery.age;
    let timestamp = sent_at.format(&Rfc3339).unwrap_or_default();
    let body = delivery.body.clone().unwrap_or_else(|| body(subscription, delivery));
    let request = shared
        .http
        .post(&subscription.callback)
        .header("Content-Type", "application/json")
        .header("Twitch-Eventsub-Message-Id", message_id)
        .header("Twitch-Eventsub-Message-Retry", "0")
        .header("Twitch-Eventsub-Message-Type", &delivery.message_type)
        .header("Twitch-Eventsub-Message-Timestamp", &timestamp)
        .header("Twitch-Eventsub-Subscription-Type", &subscription.kind)
        .header("Twitch-Eventsub-Subscription-Version", &subscription.version);
    let secret = match delivery.signature {
        Signature::WrongSecret => "another secret altogether",
        _ => &subscription.secret,
    };
    let signature = sign(secret, message_id, &timestamp, &body);
    match delivery.signature {
        Signature::Missing => request,
        Signature::Broken => {
            let flipped = if signature.ends_with('0') { "1" } else { "0" };
            let broken = format!("{}{flipped}", &signature[..signature.len() - 1]);
            request.header("Twitch-Eventsub-Message-Signature", broken)
        }
        _ => request.header("Twitch-Eventsub-Message-Signature", signature),
    }
    .body(body)
}

fn body(subscription: &Subscription, delivery: &Delivery) -> Vec<u8> {
    let mut body = json!({ "subscription": subscription.json() });
    if delivery.message_type == "notification" {
        body["event"] = delivery.event.clone();
    }
    body.to_string().into_bytes()
}

/// Signs as Twitch does; for callers that build their own requests.
pub fn sign(secret: &str, message_id: &str, timestamp: &str, body: &[u8]) -> String {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    let mac = mac.chain_update(message_id).chain_update(timestamp).chain_update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}
