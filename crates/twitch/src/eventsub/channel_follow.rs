//! `channel.follow`, version 2.

use super::fields::{Broadcaster, BroadcasterFields, UserFields, moment};
use serde::Deserialize;
use time::OffsetDateTime;

/// Somebody follows a channel from now on.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Fields")]
pub struct ChannelFollow {
    /// Whose channel.
    pub broadcaster: Broadcaster,
    pub user: Broadcaster,
    pub followed_at: Option<OffsetDateTime>,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(flatten)]
    broadcaster: BroadcasterFields,
    #[serde(flatten)]
    user: UserFields,
    #[serde(default, deserialize_with = "moment")]
    followed_at: Option<OffsetDateTime>,
}

impl TryFrom<Fields> for ChannelFollow {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, &'static str> {
        let Fields { broadcaster, user, followed_at } = fields;
        let user = user.named().ok_or("nobody follows")?;
        Ok(Self { broadcaster: broadcaster.into(), user, followed_at })
    }
}

#[cfg(test)]
mod tests {
    use crate::eventsub::{Event, payload::tests::event};

    #[test]
    fn sample_parses() {
        let json = r#"{"user_id":"1234","user_login":"cool_user","user_name":"Cool_User","broadcaster_user_id":"1337",
            "broadcaster_user_login":"cooler_user","broadcaster_user_name":"Cooler_User",
            "followed_at":"2026-07-15T18:16:11.17106713Z"}"#;
        let Event::ChannelFollow(follow) = event("channel.follow", json).unwrap() else { panic!() };
        assert_eq!(
            (follow.user.name.as_str(), follow.broadcaster.id.as_str()),
            ("Cool_User", "1337")
        );
        assert!(follow.followed_at.is_some());
    }

    #[test]
    fn follow_of_nobody_is_none() {
        for user in ["null", "\"\"", "5"] {
            let json = format!(r#"{{"user_id":{user},"broadcaster_user_id":"1337"}}"#);
            assert!(event("channel.follow", &json).is_err(), "{user}");
        }
        let bare =
            r#"{"user_id":"1","broadcaster_user_id":"2","user_name":null,"followed_at":"soon"}"#;
        let Event::ChannelFollow(follow) = event("channel.follow", bare).unwrap() else { panic!() };
        assert_eq!((follow.user.login.as_str(), follow.followed_at), ("", None));
    }
}
