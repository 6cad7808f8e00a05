//! Bodies of deliveries. Unknown kinds of messages and types of events are accepted.

use super::{
    AuthorizationRevoke, ChannelChatMessage, ChannelCheer, ChannelFollow, ChannelRaid,
    ChannelSubscribe, ChannelSubscriptionGift, ChannelUpdate, StreamOffline, StreamOnline,
    Subscription, UserUpdate,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use sm_types::TwitchUserId;

/// Why a verified body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payload does not parse: {0}")]
pub struct PayloadError(String);

/// A delivery.
#[derive(Debug, Clone)]
pub enum Message {
    /// Twitch asks whether the callback is ours; the answer is this text and nothing else.
    Challenge { challenge: String, subscription: Option<Subscription> },
    /// Something happened.
    Notification { subscription: Subscription, event: Event },
    /// A subscription is no more; its status says why.
    Revocation { subscription: Subscription },
    /// A kind of message that came after this code.
    Unknown { message_type: String },
}

impl Message {
    /// The subscription that it belongs to, where it names one.
    pub fn subscription(&self) -> Option<&Subscription> {
        match self {
            Self::Challenge { subscription, .. } => subscription.as_ref(),
            Self::Notification { subscription, .. } | Self::Revocation { subscription } => {
                Some(subscription)
            }
            Self::Unknown { .. } => None,
        }
    }
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A stream began.
    StreamOnline(StreamOnline),
    /// A stream ended.
    StreamOffline(StreamOffline),
    /// Title, category or language changed.
    ChannelUpdate(ChannelUpdate),
    /// Somebody follows a channel.
    ChannelFollow(ChannelFollow),
    /// A channel sends its viewers to another.
    ChannelRaid(ChannelRaid),
    /// Somebody subscribes to a channel.
    ChannelSubscribe(ChannelSubscribe),
    /// Somebody gives subscriptions away.
    ChannelSubscriptionGift(ChannelSubscriptionGift),
    /// Somebody writes in chat.
    ChatMessage(ChannelChatMessage),
    /// Somebody cheers.
    ChannelCheer(ChannelCheer),
    /// A user disconnected the app or changed the password.
    AuthorizationRevoke(AuthorizationRevoke),
    /// A user's names changed.
    UserUpdate(UserUpdate),
    /// A type that we do not act upon.
    Unknown { subscription_type: String },
}

impl Event {
    /// The channel it happened in.
    pub fn streamer(&self) -> Option<&TwitchUserId> {
        Some(match self {
            Self::StreamOnline(e) => &e.broadcaster.id,
            Self::StreamOffline(e) => &e.broadcaster.id,
            Self::ChannelUpdate(e) => &e.broadcaster.id,
            Self::ChannelFollow(e) => &e.broadcaster.id,
            Self::ChannelRaid(e) => &e.to.id,
            Self::ChannelSubscribe(e) => &e.broadcaster.id,
            Self::ChannelSubscriptionGift(e) => &e.broadcaster.id,
            Self::ChatMessage(e) => e.channel(),
            Self::ChannelCheer(e) => &e.broadcaster.id,
            Self::AuthorizationRevoke(_) | Self::UserUpdate(_) | Self::Unknown { .. } => {
                return None;
            }
        })
    }
}

pub(super) fn parse(message_type: &str, body: &[u8]) -> Result<Message, PayloadError> {
    let body = &*sm_types::json::cleaned(body);
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
        "channel.follow" => Event::ChannelFollow(read(json)?),
        "channel.raid" => Event::ChannelRaid(read(json)?),
        "channel.subscribe" => Event::ChannelSubscribe(read(json)?),
        "channel.subscription.gift" => Event::ChannelSubscriptionGift(read(json)?),
        "channel.chat.message" => Event::ChatMessage(read(json)?),
        "channel.cheer" => Event::ChannelCheer(read(json)?),
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
    fn nulls_a_byte_order_mark_and_broken_text_cost_nothing() {
        let body = r#"{"subscription":{"id":"s","type":"channel.update","version":null,"status":null,"cost":null},
            "event":{"broadcaster_user_id":"2","title":"a\u0000b \ud83d","language":null}}"#;
        let parsed = parse("notification", format!("\u{feff}{body}").as_bytes()).unwrap();
        let Message::Notification { event: Event::ChannelUpdate(update), .. } = parsed else {
            panic!("{parsed:?}")
        };
        assert_eq!(update.title.as_deref(), Some("a\u{fffd}b \u{fffd}"));
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
