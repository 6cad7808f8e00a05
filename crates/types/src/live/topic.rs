//! What can be listened to, and where in it somebody stands.

use crate::{GuildId, TwitchUserId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

/// A place to talk in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Room {
    /// Everybody's who is signed in.
    Public,
    /// That of a server's members.
    Guild(GuildId),
}

/// Whose feed: a Twitch user, whose ids are numbers in digits so far. One that is none has no feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedId(u64);

impl FeedId {
    pub fn of(streamer: &TwitchUserId) -> Option<Self> {
        streamer.as_str().parse().ok()
    }

    pub fn streamer(self) -> TwitchUserId {
        TwitchUserId(self.0.to_string())
    }
}

impl FromStr for FeedId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let id = text.parse().map(Self).map_err(|_| ())?;
        // One feed has one name.
        if id.streamer().as_str() == text { Ok(id) } else { Err(()) }
    }
}

/// What can be listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// What is said in a room.
    Room(Room),
    /// Who is there, of a server's members.
    Presence(GuildId),
    /// What changes in a server: deliveries, streams, settings.
    Server(GuildId),
    /// What happens in a channel on Twitch.
    Feed(FeedId),
}

/// A text that names no topic of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no topic: expected room:public, room:<server id>, presence:<server id>, server:<server id> or \
     feed:<Twitch user id>"
)]
pub struct UnknownTopic(String);

impl Topic {
    /// The feed of a streamer.
    pub fn feed(streamer: &TwitchUserId) -> Option<Self> {
        FeedId::of(streamer).map(Self::Feed)
    }

    /// The server whose members may listen; `None`: it is no server's.
    pub fn guild(self) -> Option<GuildId> {
        match self {
            Self::Room(Room::Public) | Self::Feed(_) => None,
            Self::Room(Room::Guild(guild)) | Self::Presence(guild) | Self::Server(guild) => {
                Some(guild)
            }
        }
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Topic::Room(*self).fmt(f)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(Room::Public) => f.write_str("room:public"),
            Self::Room(Room::Guild(guild)) => write!(f, "room:{guild}"),
            Self::Presence(guild) => write!(f, "presence:{guild}"),
            Self::Server(guild) => write!(f, "server:{guild}"),
            Self::Feed(FeedId(id)) => write!(f, "feed:{id}"),
        }
    }
}

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        let unknown = || UnknownTopic(text.chars().take(60).collect());
        let (kind, id) = text.split_once(':').ok_or_else(unknown)?;
        // Postgres keeps ids as signed numbers, and one topic has one name.
        let guild = || {
            let guild = id.parse::<GuildId>().ok().filter(|guild| guild.to_string() == id);
            guild.ok_or_else(unknown)
        };
        Ok(match (kind, id) {
            ("room", "public") => Self::Room(Room::Public),
            ("room", _) => Self::Room(Room::Guild(guild()?)),
            ("presence", _) => Self::Presence(guild()?),
            ("server", _) => Self::Server(guild()?),
            ("feed", _) => Self::Feed(id.parse().map_err(|()| unknown())?),
            _ => return Err(unknown()),
        })
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A place in a topic: everything up to a position has been seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Of the last event that was seen; 0 before the first.
    pub position: i64,
    /// That event's tag. A restored database has another event there, and then the reader begins anew.
    #[serde(default)]
    pub tag: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_has_one_name() {
        for text in
            ["room:public", "room:1", "presence:18446744073709551615", "server:20", "feed:70011223"]
        {
            assert_eq!(text.parse::<Topic>().unwrap().to_string(), text);
        }
        for text in [
            "", "room", "room:", "room:01", "room:+1", "Room:1", "feed:1:2", "feed:x", "feed:007",
            "room:1 ",
        ] {
            assert!(text.parse::<Topic>().is_err(), "{text}");
        }
    }
}
