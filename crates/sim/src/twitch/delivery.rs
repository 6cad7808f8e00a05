//! Signed deliveries over HTTP, with retries.

use super::{
    Shared,
    http::header,
    model::{SeenDelivery, Subscription, text},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

const TIMEOUT: Duration = Duration::from_secs(10);
const SIGNATURE: &str = "Twitch-Eventsub-Message-Signature";

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
    pub event: Value,
    /// `notification`, `revocation` or `webhook_callback_verification`.
    pub message_type: String,
    /// The message's id; a new one when not given.
    pub message_id: Option<String>,
    /// The type that the header names instead of the subscription's own.
    pub kind_in_header: Option<String>,
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
            kind_in_header: None,
            age: time::Duration::ZERO,
            signature: Signature::Good,
            body: None,
        }
    }

    /// A revocation; the subscription says why.
    pub(super) fn revocation() -> Self {
        Self { message_type: "revocation".to_owned(), ..Self::new("", Value::Null) }
    }

    /// Whether Twitch itself could have sent it: only that is sent again.
    fn is_faithful(&self) -> bool {
        self.body.is_none() && self.signature == Signature::Good && self.age.is_zero()
    }
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
        // Twitch connects over IPv4 only.
        .local_address(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
        .timeout(TIMEOUT)
        .build()
        .map_err(io::Error::other)
}

/// Whom a delivery goes to.
#[derive(Debug, Clone, Copy)]
pub(super) enum To<'a> {
    /// The enabled subscriptions of a type that are about a user, or about the application.
    Type(&'a str),
    /// All subscriptions about a user, dead ones too.
    All,
    /// The subscription of this id, in place of a user's.
    One,
}

/// Sends to the subscriptions about a user; returns the statuses of the answers, 0 for none.
pub(super) async fn deliver(
    shared: &Arc<Shared>,
    user: &str,
    to: To<'_>,
    delivery: &Delivery,
) -> Vec<u16> {
    let mut statuses = Vec::new();
    for subscription in receivers(shared, user, to) {
        let message_id = delivery.message_id.clone().unwrap_or_else(new_id);
        let status = post(shared, &subscription, &message_id, 0, delivery).await;
        if !is_taken(status) && delivery.is_faithful() && !shared.retries.is_empty() {
            let again = again(shared.clone(), subscription, message_id, delivery.clone());
            tokio::spawn(again);
        }
        statuses.push(status.unwrap_or(0));
    }
    statuses
}

fn receivers(shared: &Shared, user: &str, to: To<'_>) -> Vec<Subscription> {
    let fits = |s: &&Subscription| match to {
        // The other user of the condition is whoever reads.
        To::Type(kind @ "channel.chat.message") => {
            s.is_in(user) && s.new.kind == kind && s.status == "enabled"
        }
        To::Type(kind) => {
            let concerned = s.is_about(user) || s.is_about_application();
            concerned && s.new.kind == kind && s.status == "enabled"
        }
        To::All => s.is_about(user),
        To::One => s.id == user,
    };
    shared.world().subscriptions.iter().filter(fits).cloned().collect()
}

fn new_id() -> String {
    Uuid::new_v4().to_string()
}

fn is_taken(status: Option<u16>) -> bool {
    status.is_some_and(|status| (200..300).contains(&status))
}

/// Sends again under the same id until it is taken; after the last try the subscription is dead.
async fn again(
    shared: Arc<Shared>,
    subscription: Subscription,
    message_id: String,
    delivery: Delivery,
) {
    for (tries, wait) in shared.retries.iter().enumerate() {
        tokio::time::sleep(*wait).await;
        let is_there = |s: &Subscription| s.id == subscription.id && s.status == "enabled";
        if delivery.message_type == "notification"
            && !shared.world().subscriptions.iter().any(is_there)
        {
            return;
        }
        let status = post(&shared, &subscription, &message_id, tries + 1, &delivery).await;
        if is_taken(status) {
            return;
        }
    }
    if delivery.message_type == "notification" {
        give_up(&shared, subscription).await;
    }
}

async fn give_up(shared: &Shared, subscription: Subscription) {
    let status = "notification_failures_exceeded";
    shared.world().set_status(&subscription.id, status);
    let kind = subscription.new.kind.clone();
    tracing::warn!(kind, "a subscriber failed too often: the subscription is revoked");
    let subscription = Subscription { status: status.to_owned(), ..subscription };
    // Sent once: who fails so often may well miss it.
    post(shared, &subscription, &new_id(), 0, &Delivery::revocation()).await;
}

/// Asks a callback whether it is the application's, and records the outcome.
pub(super) async fn challenge(shared: &Shared, id: &str) {
    let found = shared.world().subscriptions.iter().find(|s| s.id == id).cloned();
    let Some(subscription) = found else { return };
    let challenge = new_id();
    let body = json!({ "challenge": challenge, "subscription": subscription.json() });
    let delivery = Delivery {
        message_type: "webhook_callback_verification".to_owned(),
        body: Some(body.to_string().into_bytes()),
        ..Delivery::new(&subscription.new.kind, Value::Null)
    };
    let verified = match send(shared, &subscription, &new_id(), 0, &delivery).await {
        Some(answer) => is_right(answer, &challenge).await,
        None => false,
    };
    shared.world().set_verified(id, verified);
}

/// The checks that Twitch's own tool makes: exact body, a text/plain type, a 2xx.
async fn is_right(answer: reqwest::Response, challenge: &str) -> bool {
    let kind = header(answer.headers(), "content-type").split(';').next().unwrap_or("").trim();
    let plain = kind.eq_ignore_ascii_case("text/plain");
    let ok = answer.status().is_success();
    ok && plain && answer.bytes().await.is_ok_and(|body| body == challenge.as_bytes())
}

async fn post(
    shared: &Shared,
    subscription: &Subscription,
    message_id: &str,
    retry: usize,
    delivery: &Delivery,
) -> Option<u16> {
    let answer = send(shared, subscription, message_id, retry, delivery).await;
    answer.map(|answer| answer.status().as_u16())
}

/// Sends, and records the answer.
async fn send(
    shared: &Shared,
    subscription: &Subscription,
    message_id: &str,
    retry: usize,
    delivery: &Delivery,
) -> Option<reqwest::Response> {
    let sent = Instant::now();
    let answer = request(shared, subscription, message_id, retry, delivery).send().await.ok();
    shared.world().deliveries.push(SeenDelivery {
        message_id: message_id.to_owned(),
        message_type: delivery.message_type.clone(),
        subscription_id: subscription.id.clone(),
        kind: subscription.new.kind.clone(),
        retry,
        status: answer.as_ref().map(|answer| answer.status().as_u16()),
        took_us: u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX),
    });
    answer
}

fn request(
    shared: &Shared,
    subscription: &Subscription,
    message_id: &str,
    retry: usize,
    delivery: &Delivery,
) -> reqwest::RequestBuilder {
    let new = &subscription.new;
    let timestamp = text(shared.clock.now() - delivery.age);
    let body = delivery.body.clone().unwrap_or_else(|| body(subscription, delivery));
    let kind = delivery.kind_in_header.as_ref().unwrap_or(&new.kind);
    let request = shared
        .http
        .post(&new.callback)
        .header("Content-Type", "application/json")
        .header("Twitch-Eventsub-Message-Id", message_id)
        .header("Twitch-Eventsub-Message-Retry", retry.to_string())
        .header("Twitch-Eventsub-Message-Type", &delivery.message_type)
        .header("Twitch-Eventsub-Message-Timestamp", &timestamp)
        .header("Twitch-Eventsub-Subscription-Type", kind)
        .header("Twitch-Eventsub-Subscription-Version", &new.version);
    let secret = match delivery.signature {
        Signature::WrongSecret => "another secret altogether",
        _ => &new.secret,
    };
    let signature = sign(secret, message_id, &timestamp, &body);
    match delivery.signature {
        Signature::Missing => request,
        Signature::Broken => request.header(SIGNATURE, broken(&signature)),
        Signature::Good | Signature::WrongSecret => request.header(SIGNATURE, signature),
    }
    .body(body)
}

/// The same with its last digit changed.
fn broken(signature: &str) -> String {
    let (rest, last) = signature.split_at(signature.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_is_that_of_a_vector_computed_elsewhere() {
        let body = br#"{"challenge":"pQ7-x2","subscription":{"id":"a"}}"#;
        let id = "3e5c9b1a-0f77-4a63-b2d8-91c4e6a0d7f3";
        let signature =
            sign("0123456789abcdef0123456789abcdef", id, "2026-11-21T18:05:09.482913077Z", body);
        let expected = "sha256=30e49a6814bdeaf6cf923a7959fa6f4ca9a5194dcedb8bea3d7b4e0458884329";
        assert_eq!(signature, expected);
        assert_ne!(broken(&signature), signature);
    }
}
