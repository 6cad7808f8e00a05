//! A subscription as Twitch describes it.

use super::fields::given;
use crate::list::Row;
use serde::{Deserialize, Deserializer};

#[derive(Debug, Clone, Deserialize)]
pub struct Subscription {
    pub id: String,
    #[serde(default)]
    pub status: Status,
    /// Its type, such as `stream.online`.
    #[serde(default, rename = "type", deserialize_with = "given")]
    pub kind: String,
    #[serde(default, deserialize_with = "given")]
    pub version: String,
    /// What it is about: a map of texts, kept as it came.
    #[serde(default)]
    pub condition: serde_json::Value,
    /// What it counts towards the limit of 10,000.
    #[serde(default, deserialize_with = "given")]
    pub cost: i64,
    /// How it is delivered; the callback is not always a URL.
    #[serde(default)]
    pub transport: serde_json::Value,
}

impl Row for Subscription {
    const KIND: &str = "subscription";

    fn key(&self) -> &str {
        &self.id
    }
}

impl Subscription {
    /// The user that the condition names, if it does.
    pub fn user_in_condition(&self) -> Option<&str> {
        let user = |key| self.condition.get(key)?.as_str().filter(|id| !id.is_empty());
        // Raids are subscribed to by who is raided.
        let keys = ["broadcaster_user_id", "user_id", "to_broadcaster_user_id"];
        keys.into_iter().find_map(user)
    }

    /// The other user that the condition names: of a chat, whoever reads it.
    pub fn reader_in_condition(&self) -> Option<&str> {
        let is_chat = self.kind.starts_with("channel.chat.");
        self.condition.get("user_id")?.as_str().filter(|id| is_chat && !id.is_empty())
    }

    /// Where it is delivered to.
    pub fn callback(&self) -> Option<&str> {
        self.transport.get("callback")?.as_str()
    }
}

/// The state of a subscription; Twitch adds new ones without notice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Status {
    /// It delivers.
    Enabled,
    /// The challenge is not answered yet.
    Pending,
    /// The challenge failed; create it again.
    VerificationFailed,
    /// Too many deliveries failed.
    NotificationFailuresExceeded,
    /// The user disconnected the app or changed the password.
    AuthorizationRevoked,
    /// The user is gone.
    UserRemoved,
    /// The type or its version is retired.
    VersionRemoved,
    /// Any other.
    Other(String),
    /// Not told.
    #[default]
    Unset,
}

impl Status {
    /// Twitch's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Enabled => "enabled",
            Self::Pending => "webhook_callback_verification_pending",
            Self::VerificationFailed => "webhook_callback_verification_failed",
            Self::NotificationFailuresExceeded => "notification_failures_exceeded",
            Self::AuthorizationRevoked => "authorization_revoked",
            Self::UserRemoved => "user_removed",
            Self::VersionRemoved => "version_removed",
            Self::Other(text) => text,
            Self::Unset => "unknown",
        }
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let known = [
            Self::Enabled,
            Self::Pending,
            Self::VerificationFailed,
            Self::NotificationFailuresExceeded,
            Self::AuthorizationRevoked,
            Self::UserRemoved,
            Self::VersionRemoved,
        ];
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        if text.is_empty() {
            return Ok(Self::Unset);
        }
        let found = known.into_iter().find(|status| status.as_str() == text);
        Ok(found.unwrap_or(Self::Other(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_reads_back_and_new_ones_are_kept() {
        for text in ["enabled", "user_removed", "conduit_deleted", "status_of_2031"] {
            let json =
                format!(r#"{{"id":"s","status":"{text}","transport":{{"callback":"null"}}}}"#);
            let subscription: Subscription = serde_json::from_str(&json).unwrap();
            assert_eq!(subscription.status.as_str(), text);
        }
    }

    #[test]
    fn null_is_absent() {
        let json = r#"{"id":"s","status":null,"type":null,"version":null,"condition":null,"cost":null,"transport":null}"#;
        let subscription: Subscription = serde_json::from_str(json).unwrap();
        assert_eq!((subscription.status, subscription.cost), (Status::Unset, 0));
    }

    #[test]
    fn condition_names_a_user_under_either_key() {
        let user = |condition: &str| {
            let json = format!(r#"{{"id":"s","condition":{condition}}}"#);
            let subscription: Subscription = serde_json::from_str(&json).unwrap();
            subscription.user_in_condition().map(str::to_owned)
        };
        assert_eq!(user(r#"{"broadcaster_user_id":"7"}"#).as_deref(), Some("7"));
        assert_eq!(user(r#"{"user_id":"8","broadcaster_user_id":""}"#).as_deref(), Some("8"));
        let raided = r#"{"from_broadcaster_user_id":"","to_broadcaster_user_id":"10"}"#;
        assert_eq!(user(raided).as_deref(), Some("10"));
        assert_eq!(user(r#"{"client_id":"9"}"#), None);
        assert_eq!(user("null"), None);
    }
}
