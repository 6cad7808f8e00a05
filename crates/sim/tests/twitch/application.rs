//! An application of the simulated Twitch: it asks, and it receives.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sm_sim::twitch::{ListingLag, Options, TwitchSim};
use sm_types::TwitchUserId;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A request that came in.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn message_id(&self) -> &str {
        self.header("Twitch-Eventsub-Message-Id")
    }

    pub(crate) fn message_type(&self) -> &str {
        self.header("Twitch-Eventsub-Message-Type")
    }

    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let timestamp = self.header("Twitch-Eventsub-Message-Timestamp");
        let parts = [self.message_id().as_bytes(), timestamp.as_bytes(), &self.body];
        let expected = format!("sha256={}", hex::encode(hmac(secret.as_bytes(), &parts)));
        let sent = self.headers.get("Twitch-Eventsub-Message-Signature");
        sent.is_some_and(|sent| sent.as_bytes() == expected.as_bytes())
    }
}

/// RFC 2104 by hand: the simulator signs with a library.
fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    assert!(key.len() <= 64);
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(key).for_each(|(b, k)| *b ^= k);
        block
    };
    let mut inner = Sha256::new().chain_update(pad(0x36));
    parts.iter().for_each(|part| inner.update(part));
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner.finalize()).finalize().to_vec()
}

/// How a challenge is answered.
#[derive(Debug, Clone)]
pub(crate) struct ChallengeAnswer {
    pub(crate) status: u16,
    pub(crate) kind: Option<&'static str>,
    /// What follows the challenge in the body.
    pub(crate) suffix: &'static str,
}

impl Default for ChallengeAnswer {
    fn default() -> Self {
        Self { status: 200, kind: Some("text/plain"), suffix: "" }
    }
}

/// A callback that answers as it is told.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    seen: Mutex<Vec<Seen>>,
    /// Statuses of the next answers; 204 when there is none left.
    pub(crate) statuses: Mutex<VecDeque<u16>>,
    pub(crate) challenge: Mutex<ChallengeAnswer>,
}

impl Receiver {
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The next answers to messages that are no challenges.
    pub(crate) fn answer_with(&self, statuses: &[u16]) {
        *self.statuses.lock().unwrap() = statuses.iter().copied().collect();
    }
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let seen = Seen { headers, body };
    receiver.seen.lock().unwrap().push(seen.clone());
    if seen.message_type() == "webhook_callback_verification" {
        let how = receiver.challenge.lock().unwrap().clone();
        let text = format!("{}{}", seen.json()["challenge"].as_str().unwrap(), how.suffix);
        let mut response = (StatusCode::from_u16(how.status).unwrap(), text).into_response();
        response.headers_mut().remove("content-type");
        if let Some(kind) = how.kind {
            response.headers_mut().insert("content-type", kind.parse().unwrap());
        }
        return response;
    }
    let status = receiver.statuses.lock().unwrap().pop_front().unwrap_or(204);
    // Where a redirect leads: to a place that would accept it.
    (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")]).into_response()
}

/// An application with a token and a callback.
pub(crate) struct Application {
    pub(crate) twitch: TwitchSim,
    pub(crate) receiver: Arc<Receiver>,
    pub(crate) callback: String,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

/// An answer's status, headers and body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Application {
    pub(crate) async fn start() -> Self {
        let local = Options::local("client", "client-secret");
        Self::start_with(Options { listing_lag: ListingLag::NONE, ..local }).await
    }

    pub(crate) async fn start_with(options: Options) -> Self {
        let twitch = TwitchSim::start(options).await.unwrap();
        let receiver = Arc::new(Receiver::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let callback = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/hook", post(receive))
            .route("/hook/{more}", post(receive))
            .route("/elsewhere", post(receive))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let (http, token) = (client(), String::new());
        let mut application = Self { twitch, receiver, callback, http, token };
        let form = "client_id=client&client_secret=client-secret&grant_type=client_credentials";
        let answer = application.ask_for_token(form).await;
        application.token = answer.body["access_token"].as_str().unwrap().to_owned();
        application
    }

    /// Asks at `/oauth2` with a form.
    pub(crate) async fn oauth(&self, path: &str, form: &str) -> Answer {
        let request = self.http.post(format!("{}/{path}", self.twitch.auth_url()));
        let kind = "application/x-www-form-urlencoded";
        answer(request.header("content-type", kind).body(form.to_owned())).await
    }

    pub(crate) async fn validate(&self, token: &str) -> Answer {
        let url = format!("{}/validate", self.twitch.auth_url());
        answer(self.http.get(url).header("authorization", format!("OAuth {token}"))).await
    }

    pub(crate) async fn ask_for_token(&self, form: &str) -> Answer {
        self.oauth("token", form).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.helix("GET", path, None).await
    }

    pub(crate) async fn helix(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let url = format!("{}/{path}", self.twitch.api_url());
        let mut request = self
            .http
            .request(method.parse().unwrap(), url)
            .header("authorization", format!("Bearer {}", self.token))
            .header("client-id", "client");
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        answer(request).await
    }

    /// The control API.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &Value) -> Answer {
        let url = format!("{}/_sim/twitch/{path}", self.twitch.origin());
        let request = self.http.request(method.parse().unwrap(), url);
        answer(request.header("content-type", "application/json").body(body.to_string())).await
    }

    /// A request for a subscription that is right in every way.
    pub(crate) fn request(&self, kind: &str, version: &str, user: &TwitchUserId) -> Value {
        let key = if kind == "user.update" { "user_id" } else { "broadcaster_user_id" };
        json!({ "type": kind, "version": version, "condition": { key: user },
                "transport": { "method": "webhook", "callback": self.callback, "secret": SECRET } })
    }

    pub(crate) async fn create(&self, request: &Value) -> Answer {
        self.helix("POST", "eventsub/subscriptions", Some(request)).await
    }

    /// A user who streams, with these subscriptions to them.
    pub(crate) fn streamer(&self, kinds: &[&str]) -> TwitchUserId {
        let user = self.twitch.add_user("ana", "Ana");
        for kind in kinds {
            self.twitch.subscribe(&user, kind, &self.callback, SECRET);
        }
        user
    }
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let bytes = answer.bytes().await.unwrap();
    Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}

#[expect(clippy::disallowed_methods, reason = "a test has no part in the product's client")]
fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// Waits for what another task does.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(10), waiting).await;
    assert!(waited.is_ok(), "{what}");
}
