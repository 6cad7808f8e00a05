//! `channel.subscription.gift`, version 1.

use super::fields::{Broadcaster, BroadcasterFields, UserFields, count, given, set};
use serde::Deserialize;

/// Somebody gives subscriptions to a channel away.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Fields")]
pub struct ChannelSubscriptionGift {
    /// Whose channel.
    pub broadcaster: Broadcaster,
    /// `None`: they do not wish to be named.
    pub user: Option<Broadcaster>,
    /// How many.
    pub total: i64,
    pub tier: Option<String>,
    /// How many they have given here so far, where they let it be known.
    pub cumulative_total: Option<i64>,
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
    total: i64,
    #[serde(default, deserialize_with = "set")]
    tier: Option<String>,
    #[serde(default)]
    cumulative_total: Option<i64>,
}

impl From<Fields> for ChannelSubscriptionGift {
    fn from(fields: Fields) -> Self {
        Self {
            broadcaster: fields.broadcaster.into(),
            user: fields.user.named().filter(|_| !fields.is_anonymous),
            total: fields.total,
            tier: fields.tier,
            cumulative_total: fields.cumulative_total.filter(|total| *total > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::eventsub::{ChannelSubscriptionGift, Event, payload::tests::event};

    fn gift(json: &str) -> ChannelSubscriptionGift {
        match event("channel.subscription.gift", json).unwrap() {
            Event::ChannelSubscriptionGift(gift) => gift,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sample_parses() {
        let gift = gift(
            r#"{"user_id":"1234","user_login":"cool_user","user_name":"Cool_User","broadcaster_user_id":"1337",
            "broadcaster_user_login":"cooler_user","broadcaster_user_name":"Cooler_User","total":2,"tier":"1000",
            "cumulative_total":284,"is_anonymous":false}"#,
        );
        assert_eq!((gift.total, gift.cumulative_total), (2, Some(284)));
        assert_eq!(gift.user.unwrap().name, "Cool_User");
    }

    #[test]
    fn anonymous_gift_names_nobody() {
        for user in ["null", "\"274598607\""] {
            let gift = gift(&format!(
                r#"{{"user_id":{user},"user_login":null,"broadcaster_user_id":"1337","total":10,"tier":null,
                "cumulative_total":null,"is_anonymous":true}}"#
            ));
            assert!(gift.user.is_none());
            assert_eq!((gift.total, gift.cumulative_total, gift.tier), (10, None, None));
        }
    }
}
