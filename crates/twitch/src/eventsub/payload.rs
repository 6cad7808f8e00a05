//! Bodies of deliveries. Unknown fields and values are accepted; absent, `null` and `""` are one.

use super::{
    AuthorizationRevoke, ChannelUpdate, StreamOffline, StreamOnline, Subscription, UserUpdate,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;
use sm_types::TwitchUserId;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Why a verified body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payload does not parse: {0}")]
pub struct PayloadError(String);

#[derive(Debug, Clone)]
pub enum Message {
    /// Twitch asks whether the callback is ours; the answer is this text and nothing else.
    Challenge {
        challenge: String,
        subscription: Option<Subscription>,
    },
    Notification {
        subscription: Subscription,
        event: Event,
    },
    /// A subscription is no more; its status says why.
    Revocation {
        subscription: Subscription,
    },
    /// A kind of message that came after this code.
    Unknown {
        message_type: String,
    },
}

#[derive(Debug, Clone)]
pub enum Event {
    StreamOnline(StreamOnline),
    StreamOffline(StreamOffline),
    /// Title, category or language changed.
    ChannelUpdate(ChannelUpdate),
    /// A user disconnected the app or changed the password.
    AuthorizationRevoke(AuthorizationRevoke),
    /// A user's names changed.
    UserUpdate(UserUpdate),
    /// A type that we do not act upon.
    Unknown {
        subscription_type: String,
    },
}

/// A broadcaster, or another user, as named in an event.
#[derive(Debug, Clone)]
pub struct Broadcaster {
    /// The id; never changes.
    pub id: TwitchUserId,
    /// The login at this time.
    pub login: String,
    /// The display name at this time.
    pub name: String,
}

pub(super) fn parse(message_type: &str, body: &[u8]) -> Result<Message, PayloadError> {
    match message_type {
        "webhook_callback_verification" => {
            // A conduit shard's challenge has no subscription.
            #[derive(Deserialize)]
            struct Challenge {
                challenge: String,
                #[serde(default)]
                subscription: Option<Subscription>,
            }
            let Challenge { challenge, subscription } = read(body)?;
            Ok(Message::Challenge { challenge, subscription })
        }
        "notification" => notification(body),
        "revocation" => {
            #[derive(Deserialize)]
            struct Revocation {
                subscription: Subscription,
            }
            let Revocation { subscription } = read(body)?;
            Ok(Message::Revocation { subscription })
        }
        other => Ok(Message::Unknown { message_type: other.chars().take(64).collect() }),
    }
}

fn notification(body: &[u8]) -> Result<Message, PayloadError> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        subscription: Subscription,
        #[serde(borrow)]
        event: Option<&'a RawValue>,
    }
    let Envelope { subscription, event } = read_borrowed::<Envelope<'_>>(body)?;
    let json = event.map_or("null", RawValue::get).as_bytes();
    let event = match subscription.kind.as_str() {
        "stream.online" => Event::StreamOnline(read(json)?),
        "stream.offline" => Event::StreamOffline(read(json)?),
        "channel.update" => Event::ChannelUpdate(read(json)?),
        "user.authorization.revoke" => Event::AuthorizationRevoke(read(json)?),
        "user.update" => Event::UserUpdate(read(json)?),
        other => Event::Unknown { subscription_type: other.to_owned() },
    };
    Ok(Message::Notification { subscription, event })
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, PayloadError> {
    read_borrowed(json)
}

/// serde_json's message names a place and never quotes more than a short token.
fn read_borrowed<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, PayloadError> {
    serde_json::from_slice(json)
        .map_err(|error| PayloadError(format!("{:?}, {error}", error.classify())))
}

/// Reads a text that may be absent, `null` or empty, all meaning "not set".
pub(crate) fn set<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// Reads a time; one that cannot be read is "not set".
pub(super) fn moment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<OffsetDateTime>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok()))
}

/// The three fields with which most events name the broadcaster.
#[derive(Deserialize)]
pub(super) struct BroadcasterFields {
    broadcaster_user_id: TwitchUserId,
    #[serde(default, deserialize_with = "set")]
    broadcaster_user_login: Option<String>,
    #[serde(default, deserialize_with = "set")]
    broadcaster_user_name: Option<String>,
}

impl From<BroadcasterFields> for Broadcaster {
    fn from(fields: BroadcasterFields) -> Self {
        Self {
            id: fields.broadcaster_user_id,
            login: fields.broadcaster_user_login.unwrap_or_default(),
            name: fields.broadcaster_user_name.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Parses a notification of a type with this event.
    pub(in crate::eventsub) fn event(kind: &str, event: &str) -> Result<Event, PayloadError> {
        let body = format!(
            r#"{{"subscription":{{"id":"s","type":"{kind}","version":"1","status":"enabled"}},"event":{event}}}"#
        );
        match parse("notification", body.as_bytes())? {
            Message::Notification { event, .. } => Ok(event),
            other => panic!("not a notification: {other:?}"),
        }
    }

    #[test]
    fn challenges_parse_with_and_without_a_subscription() {
        for body in [
            r#"{"challenge":"abc","subscription":{"id":"s"}}"#,
            r#"{"challenge":"abc","conduit_shard":{"conduit_id":"c","shard":"0"}}"#,
        ] {
            let message = parse("webhook_callback_verification", body.as_bytes()).unwrap();
            assert!(matches!(message, Message::Challenge { challenge, .. } if challenge == "abc"));
        }
    }

    #[test]
    fn unknown_types_and_messages_are_no_error() {
        let unknown = event("channel.hype_train.begin", r#"{"level":2}"#).unwrap();
        assert!(
            matches!(unknown, Event::Unknown { subscription_type } if subscription_type == "channel.hype_train.begin")
        );
        assert!(matches!(parse("new_kind", b"{}").unwrap(), Message::Unknown { .. }));
    }

    #[test]
    fn wrong_types_truncation_and_deep_nesting_are_errors() {
        let deep = format!(r#"{{"subscription":{}"#, "[".repeat(100_000));
        for body in ["", "null", "[]", "{", r#"{"subscription":5}"#, "\u{feff}{}", deep.as_str()] {
            for kind in ["notification", "revocation", "webhook_callback_verification"] {
                assert!(parse(kind, body.as_bytes()).is_err(), "{kind}: {body:.40}");
            }
        }
        assert!(parse("notification", b"{\"subscription\":\xff}").is_err());
        assert!(event("stream.online", r#"{"id":5,"broadcaster_user_id":"1"}"#).is_err());
        assert!(event("stream.online", "null").is_err());
    }
}
