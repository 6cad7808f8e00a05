//! Ids as newtypes, so that a guild never passes for a channel.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// Why a text is not a Discord snowflake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a Discord id: expected 1 to 20 decimal digits")]
pub struct InvalidSnowflake(pub String);

macro_rules! snowflake {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u64);

        impl $name {
            /// The id as Postgres stores it (`bigint`).
            pub fn to_db(self) -> i64 {
                self.0.cast_signed()
            }

            /// The id from a `bigint` column.
            pub fn from_db(value: i64) -> Self {
                Self(value.cast_unsigned())
            }
        }

        impl From<i64> for $name {
            fn from(value: i64) -> Self {
                Self::from_db(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidSnowflake;

            fn from_str(text: &str) -> Result<Self, InvalidSnowflake> {
                let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                let id = if digits { text.parse().ok() } else { None };
                id.map(Self).ok_or_else(|| InvalidSnowflake(text.chars().take(40).collect()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

snowflake! {
    /// A Discord server.
    GuildId
    /// A Discord channel or thread.
    ChannelId
    /// A Discord role.
    RoleId
    /// A Discord user.
    UserId
    /// A Discord message.
    MessageId
    /// Something that somebody has done with a command or a button on Discord.
    InteractionId
}

/// Milliseconds between the Unix epoch and Discord's (2015-01-01T00:00:00Z).
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

impl MessageId {
    /// When Discord created the message, by its own clock; Unix milliseconds.
    pub fn created_at_unix_ms(self) -> u64 {
        (self.0 >> 22) + DISCORD_EPOCH_MS
    }
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )*};
}

text_id! {
    /// A Twitch user; never changes, unlike the login.
    TwitchUserId
    /// One broadcast on Twitch.
    StreamId
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

uuid_id! {
    /// One row of the outbox: one message to one destination.
    DeliveryId
    /// A broadcast as we keep it.
    SessionId
    /// A channel in which a guild announces a streamer.
    DestinationId
    /// An accepted fact that waits to be expanded into deliveries.
    EventId
    /// A stored message template.
    TemplateId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snowflake_is_a_string_in_json_and_keeps_all_64_bits() {
        let id = GuildId(u64::MAX);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"18446744073709551615\"");
        assert_eq!(serde_json::from_str::<GuildId>(&json).unwrap(), id);
        assert_eq!(GuildId::from_db(id.to_db()), id);
    }

    #[test]
    fn snowflake_refuses_what_is_not_decimal_digits() {
        for bad in ["", "+1", "-1", "1e3", " 1", "18446744073709551616", "١"] {
            assert!(bad.parse::<ChannelId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn message_id_carries_discords_clock() {
        assert_eq!(MessageId(175_928_847_299_117_063).created_at_unix_ms(), 1_462_015_105_796);
    }
}
