//! `channel.cheer`, version 1.

use super::fields::{Broadcaster, BroadcasterFields, UserFields, count, given, set};
use serde::Deserialize;

/// Somebody cheers in a channel.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Fields")]
pub struct ChannelCheer {
    /// Whose channel.
    pub broadcaster: Broadcaster,
    /// `None`: they do not wish to be named.
    pub user: Option<Broadcaster>,
    pub bits: i64,
    pub message: Option<String>,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(flatten)]
    broadcaster: BroadcasterFields,
    #[serde(flatten)]
    user: UserFields,
    #[serde(default, deserialize_with = "given")]
    is_anonymous: bool,
    #[serde(default, deserialize_with = "count")]
    bits: i64,
    #[serde(default, deserialize_with = "set")]
    message: Option<String>,
}

impl From<Fields> for ChannelCheer {
    fn from(fields: Fields) -> Self {
        Self {
            broadcaster: fields.broadcaster.into(),
            user: fields.user.named().filter(|_| !fields.is_anonymous),
            bits: fields.bits,
            message: fields.message,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::eventsub::{ChannelCheer, Event, payload::tests::event};

    fn cheer(json: &str) -> ChannelCheer {
        match event("channel.cheer", json).unwrap() {
            Event::ChannelCheer(cheer) => cheer,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sample_parses() {
        let cheer = cheer(
            r#"{"is_anonymous":false,"user_id":"1234","user_login":"cool_user","user_name":"Cool_User",
            "broadcaster_user_id":"1337","broadcaster_user_login":"cooler_user","broadcaster_user_name":"Cooler_User",
            "message":"pogchamp","bits":1000}"#,
        );
        assert_eq!((cheer.bits, cheer.message.as_deref()), (1000, Some("pogchamp")));
        assert_eq!(cheer.user.unwrap().login, "cool_user");
    }

    #[test]
    fn anonymous_cheer_names_nobody_and_no_text_holds_a_nul() {
        let cheer = cheer(
            r#"{"is_anonymous":true,"user_id":null,"user_login":null,"user_name":null,"broadcaster_user_id":"1337",
            "message":"a\u0000b \ud83d","bits":null}"#,
        );
        assert!(cheer.user.is_none());
        let expected = (0, Some("a\u{fffd}b \u{fffd}"));
        assert_eq!((cheer.bits, cheer.message.as_deref()), expected);
    }
}
