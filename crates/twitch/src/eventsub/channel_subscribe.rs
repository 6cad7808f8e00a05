//! `channel.subscribe`, version 1: somebody new, not who subscribes again.

use super::fields::{Broadcaster, BroadcasterFields, UserFields, given, set};
use serde::Deserialize;

/// Somebody subscribes to a channel, or was given a subscription.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Fields")]
pub struct ChannelSubscribe {
    /// Whose channel.
    pub broadcaster: Broadcaster,
    pub user: Option<Broadcaster>,
    /// `1000`, `2000`, `3000`, or what Twitch thinks of next.
    pub tier: Option<String>,
    /// Whether it was given to them.
    pub is_gift: bool,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(flatten)]
    broadcaster: BroadcasterFields,
    #[serde(flatten)]
    user: UserFields,
    #[serde(default, deserialize_with = "set")]
    tier: Option<String>,
    #[serde(default, deserialize_with = "given")]
    is_gift: bool,
}

impl From<Fields> for ChannelSubscribe {
    fn from(fields: Fields) -> Self {
        let Fields { broadcaster, user, tier, is_gift } = fields;
        Self { broadcaster: broadcaster.into(), user: user.named(), tier, is_gift }
    }
}

#[cfg(test)]
mod tests {
    use crate::eventsub::{Event, payload::tests::event};

    #[test]
    fn sample_parses_whatever_the_tier() {
        for tier in ["1000", "3000", "founder_of_2031"] {
            let json = format!(
                r#"{{"user_id":"1234","user_login":"cool_user","user_name":"Cool_User","broadcaster_user_id":"1337",
                "broadcaster_user_login":"cooler_user","broadcaster_user_name":"Cooler_User","tier":"{tier}",
                "is_gift":null}}"#
            );
            let Event::ChannelSubscribe(sub) = event("channel.subscribe", &json).unwrap() else {
                panic!()
            };
            assert_eq!((sub.tier.as_deref(), sub.is_gift), (Some(tier), false));
            assert_eq!(sub.user.unwrap().login, "cool_user");
        }
        assert!(
            event("channel.subscribe", r#"{"broadcaster_user_id":"1","is_gift":"yes"}"#).is_err()
        );
    }
}
