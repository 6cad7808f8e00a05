//! `channel.raid`, version 1: asked for by the channel that is raided, or by the one that raids.

use super::fields::{Broadcaster, count, set};
use serde::Deserialize;
use sm_types::TwitchUserId;

/// A channel sends its viewers to another.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Fields")]
pub struct ChannelRaid {
    /// Who raids.
    pub from: Broadcaster,
    /// Who is raided.
    pub to: Broadcaster,
    /// How many come along.
    pub viewers: i64,
}

#[derive(Deserialize)]
struct Fields {
    from_broadcaster_user_id: TwitchUserId,
    #[serde(default, deserialize_with = "set")]
    from_broadcaster_user_login: Option<String>,
    #[serde(default, deserialize_with = "set")]
    from_broadcaster_user_name: Option<String>,
    to_broadcaster_user_id: TwitchUserId,
    #[serde(default, deserialize_with = "set")]
    to_broadcaster_user_login: Option<String>,
    #[serde(default, deserialize_with = "set")]
    to_broadcaster_user_name: Option<String>,
    #[serde(default, deserialize_with = "count")]
    viewers: i64,
}

impl From<Fields> for ChannelRaid {
    fn from(fields: Fields) -> Self {
        let named = |id, login: Option<String>, name: Option<String>| Broadcaster {
            id,
            login: login.unwrap_or_default(),
            name: name.unwrap_or_default(),
        };
        Self {
            from: named(
                fields.from_broadcaster_user_id,
                fields.from_broadcaster_user_login,
                fields.from_broadcaster_user_name,
            ),
            to: named(
                fields.to_broadcaster_user_id,
                fields.to_broadcaster_user_login,
                fields.to_broadcaster_user_name,
            ),
            viewers: fields.viewers,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::eventsub::{ChannelRaid, Event, payload::tests::event};

    fn raid(json: &str) -> ChannelRaid {
        match event("channel.raid", json).unwrap() {
            Event::ChannelRaid(raid) => raid,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sample_parses() {
        let raid = raid(
            r#"{"from_broadcaster_user_id":"1234","from_broadcaster_user_login":"cool_user",
            "from_broadcaster_user_name":"Cool_User","to_broadcaster_user_id":"1337",
            "to_broadcaster_user_login":"cooler_user","to_broadcaster_user_name":"Cooler_User","viewers":9001}"#,
        );
        let both = (raid.from.login.as_str(), raid.to.login.as_str(), raid.viewers);
        assert_eq!(both, ("cool_user", "cooler_user", 9001));
    }

    #[test]
    fn odd_numbers_of_viewers_are_none_or_no_raid() {
        let with = |viewers: &str| {
            format!(
                r#"{{"from_broadcaster_user_id":"1","to_broadcaster_user_id":"2","viewers":{viewers}}}"#
            )
        };
        assert_eq!([raid(&with("null")).viewers, raid(&with("-5")).viewers], [0, 0]);
        for odd in ["\"many\"", "1.5", "1e300"] {
            assert!(event("channel.raid", &with(odd)).is_err(), "{odd}");
        }
        assert!(event("channel.raid", r#"{"from_broadcaster_user_id":"1"}"#).is_err());
    }
}
