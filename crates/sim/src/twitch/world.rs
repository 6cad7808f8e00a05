//! The state of the simulated Twitch.

use super::delivery::SeenDelivery;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// An answer that goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// The beginning of the path behind `/helix/` or `/oauth2/`; empty: every path.
    #[serde(default)]
    pub path: String,
    /// The status: 401, 429 or 5xx.
    pub status: u16,
    /// How often.
    pub times: u32,
    /// How long the answer takes, in milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(super) id: String,
    pub(super) login: String,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) game: String,
    pub(super) viewers: u64,
    pub(super) stream: Option<Stream>,
    /// Stream ids of recordings, newest first.
    pub(super) recordings: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Stream {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) started_at: String,
}

#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) version: String,
    pub(super) condition: Value,
    pub(super) callback: String,
    pub(super) secret: String,
    pub(super) status: String,
    pub(super) created_at: String,
}

impl Subscription {
    pub(super) fn is_about(&self, user: &str) -> bool {
        let names = |key: &str| self.condition.get(key).and_then(Value::as_str) == Some(user);
        names("broadcaster_user_id") || names("user_id")
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id, "status": self.status, "type": self.kind, "version": self.version,
            "condition": self.condition, "created_at": self.created_at, "cost": 1,
            "transport": {"method": "webhook", "callback": self.callback},
        })
    }
}

/// Everything there is.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(super) users: Vec<User>,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) tokens: Vec<String>,
    /// Tokens before this one are not valid any more.
    pub(super) tokens_valid_from: usize,
    pub(super) deliveries: Vec<SeenDelivery>,
    pub(super) requests: Vec<String>,
    pub(super) faults: Vec<Fault>,
    pub(super) streams_hidden: bool,
    sequence: u64,
}

impl World {
    fn next_number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    pub(super) fn add_user(&mut self, login: &str, name: &str) -> String {
        let id = (70_000_000 + self.next_number()).to_string();
        self.users.push(User {
            id: id.clone(),
            login: login.to_owned(),
            name: name.to_owned(),
            title: format!("{name} is here"),
            game: "Just Chatting".to_owned(),
            viewers: 42,
            stream: None,
            recordings: Vec::new(),
        });
        id
    }

    pub(super) fn user_mut(&mut self, id: &str, change: impl FnOnce(&mut User)) {
        if let Some(user) = self.users.iter_mut().find(|user| user.id == id) {
            change(user);
        }
    }

    pub(super) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(super) fn set_channel(&mut self, id: &str, title: &str, game: &str) {
        self.user_mut(id, |user| {
            title.clone_into(&mut user.title);
            game.clone_into(&mut user.game);
        });
    }

    pub(super) fn start_stream(
        &mut self,
        id: &str,
        kind: &str,
        now: OffsetDateTime,
    ) -> (String, Value) {
        let stream = (46_000_000_000 + self.next_number()).to_string();
        let now = now.replace_nanosecond(0).unwrap_or(now);
        let started_at = now.format(&Rfc3339).unwrap_or_default();
        let live =
            Stream { id: stream.clone(), kind: kind.to_owned(), started_at: started_at.clone() };
        self.user_mut(id, |user| {
            user.recordings.insert(0, live.id.clone());
            user.stream = Some(live);
        });
        let mut event = self.broadcaster(id);
        event["id"] = json!(stream);
        event["type"] = json!(kind);
        event["started_at"] = json!(started_at);
        (stream, event)
    }

    pub(super) fn end_stream(&mut self, id: &str) -> Value {
        let mut ended = None;
        self.user_mut(id, |user| ended = user.stream.take());
        let mut event = self.broadcaster(id);
        event["id"] = json!(ended.map(|stream| stream.id));
        event
    }

    /// Puts an ended stream back, as after a short drop.
    pub(super) fn resume_stream(&mut self, id: &str, stream: &str, started_at: &str) {
        let kind = "live".to_owned();
        let (stream, started_at) = (stream.to_owned(), started_at.to_owned());
        self.user_mut(id, |user| user.stream = Some(Stream { id: stream, kind, started_at }));
    }

    pub(super) fn broadcaster(&self, id: &str) -> Value {
        let user = self.user(id);
        json!({
            "broadcaster_user_id": id,
            "broadcaster_user_login": user.map(|user| user.login.as_str()),
            "broadcaster_user_name": user.map(|user| user.name.as_str()),
        })
    }

    pub(super) fn channel_event(&self, id: &str) -> Value {
        let mut event = self.broadcaster(id);
        if let Some(user) = self.user(id) {
            event["title"] = json!(user.title);
            event["language"] = json!("en");
            event["category_id"] = json!(game_id(&user.game));
            event["category_name"] = json!(user.game);
            event["content_classification_labels"] = json!([]);
        }
        event
    }

    pub(super) fn add_subscription(
        &mut self,
        kind: &str,
        version: &str,
        condition: Value,
        callback: &str,
        secret: &str,
    ) -> String {
        let id = Uuid::new_v4().to_string();
        self.subscriptions.push(Subscription {
            id: id.clone(),
            kind: kind.to_owned(),
            version: version.to_owned(),
            condition,
            callback: callback.to_owned(),
            secret: secret.to_owned(),
            status: "webhook_callback_verification_pending".to_owned(),
            created_at: "2026-11-20T07:44:31.120045009Z".to_owned(),
        });
        id
    }

    pub(super) fn set_status(&mut self, id: &str, status: &str) {
        if let Some(subscription) = self.subscriptions.iter_mut().find(|s| s.id == id) {
            status.clone_into(&mut subscription.status);
        }
    }

    pub(super) fn revoke(&mut self, user: &str, status: &str) {
        for subscription in self.subscriptions.iter_mut().filter(|s| s.is_about(user)) {
            status.clone_into(&mut subscription.status);
        }
    }

    /// Uses up the first fault that fits a path.
    pub(super) fn next_fault(&mut self, path: &str) -> Option<Fault> {
        let at = self.faults.iter().position(|fault| path.starts_with(&fault.path))?;
        let fault = self.faults[at].clone();
        self.faults[at].times = fault.times.saturating_sub(1);
        if self.faults[at].times == 0 {
            self.faults.remove(at);
        }
        Some(fault)
    }
}

/// An id for a game: always the same for the same name.
pub(super) fn game_id(game: &str) -> String {
    if game.is_empty() {
        return String::new();
    }
    let sum = game.bytes().fold(7_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    (sum % 1_000_000).to_string()
}
