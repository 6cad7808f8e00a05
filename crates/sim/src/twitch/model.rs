//! What the simulated Twitch is made of.

use serde::Serialize;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub(super) const PENDING: &str = "webhook_callback_verification_pending";

#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(super) id: String,
    pub(super) login: String,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) game: String,
    /// As Twitch writes it: `en`, `pt-br`, `other`.
    pub(super) language: String,
    pub(super) tags: Vec<String>,
    pub(super) viewers: u64,
    pub(super) stream: Option<Stream>,
    /// The stream that ended last, and when: Get Streams may not know yet.
    pub(super) ended: Option<(Stream, OffsetDateTime)>,
    /// Newest first.
    pub(super) recordings: Vec<Recording>,
    /// Whether the user has authorised the application: subscriptions cost nothing then.
    pub(super) authorized: bool,
    /// All scopes that the user has granted so far.
    pub(super) scopes: Vec<String>,
    /// Whether the account is gone.
    pub(super) removed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Stream {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) started: OffsetDateTime,
    pub(super) started_at: String,
    /// Whether Get Streams knows it, however new it is.
    pub(super) listed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Recording {
    pub(super) video: String,
    pub(super) stream: String,
    pub(super) started_at: String,
}

/// What an application asks for.
#[derive(Debug, Clone)]
pub(super) struct NewSubscription {
    pub(super) kind: String,
    pub(super) version: String,
    pub(super) condition: Value,
    pub(super) callback: String,
    pub(super) secret: String,
}

#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) new: NewSubscription,
    pub(super) status: String,
    pub(super) created_at: String,
    pub(super) cost: u64,
}

impl Subscription {
    pub(super) fn is_about(&self, user: &str) -> bool {
        let mut condition = self.new.condition.as_object().into_iter().flatten();
        condition.any(|(key, value)| key.ends_with("user_id") && value.as_str() == Some(user))
    }

    /// Whether it is about what happens in a channel.
    pub(super) fn is_in(&self, channel: &str) -> bool {
        self.new.condition["broadcaster_user_id"] == channel
    }

    /// Whether it is about the application as a whole, whoever the user is.
    pub(super) fn is_about_application(&self) -> bool {
        self.new.condition.get("client_id").is_some()
    }

    pub(super) fn is_alive(&self) -> bool {
        self.status == "enabled" || self.status == PENDING
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id, "status": self.status, "type": self.new.kind,
            "version": self.new.version, "condition": self.new.condition,
            "created_at": self.created_at, "cost": self.cost,
            "transport": {"method": "webhook", "callback": self.new.callback},
        })
    }
}

/// A delivery and its answer.
#[derive(Debug, Clone, Serialize)]
pub struct SeenDelivery {
    pub message_id: String,
    /// `notification`, `revocation` or `webhook_callback_verification`.
    pub message_type: String,
    pub subscription_id: String,
    /// The subscription type.
    pub kind: String,
    /// How often it had been sent before.
    pub retry: usize,
    /// The status of the answer; `None`: there was none.
    pub status: Option<u16>,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

/// A time as Twitch writes it: UTC, with as many digits of a second as it has.
pub(super) fn text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

/// An id for a game: always the same for the same name.
pub fn game_id(game: &str) -> String {
    if game.is_empty() {
        return String::new();
    }
    let sum = game.bytes().fold(7_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    (sum % 1_000_000).to_string()
}
