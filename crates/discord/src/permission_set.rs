//! Permissions as a set of bits.

use serde::{Deserialize, Deserializer, de};
use std::ops::{BitAnd, BitOr, Not};

/// A set of permissions; bits that we do not know are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(pub u64);

impl Permissions {
    /// Everything, whatever a channel says.
    pub const ADMINISTRATOR: Self = Self(1 << 3);
    /// May set the server up in the dashboard.
    pub const MANAGE_GUILD: Self = Self(1 << 5);
    /// Everything in a channel needs it.
    pub const VIEW_CHANNEL: Self = Self(1 << 10);
    pub const SEND_MESSAGES: Self = Self(1 << 11);
    /// Embeds; without it they are dropped silently.
    pub const EMBED_LINKS: Self = Self(1 << 14);
    /// Uploads.
    pub const ATTACH_FILES: Self = Self(1 << 15);
    /// Reading what was posted.
    pub const READ_MESSAGE_HISTORY: Self = Self(1 << 16);
    /// `@everyone`, `@here` and roles that are not mentionable.
    pub const MENTION_EVERYONE: Self = Self(1 << 17);
    /// Voice channels, their text included.
    pub const CONNECT: Self = Self(1 << 20);
    pub const SEND_MESSAGES_IN_THREADS: Self = Self(1 << 38);
    /// Everything.
    pub const ALL: Self = Self(u64::MAX);
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Whether all of `wanted` is in the set.
    pub fn contains(self, wanted: Self) -> bool {
        self & wanted == wanted
    }
}

impl BitAnd for Permissions {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Permissions {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Not for Permissions {
    type Output = Self;
    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl<'de> Deserialize<'de> for Permissions {
    /// Discord writes permissions as a decimal string, since they exceed what JSON numbers hold.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(de::Error::custom)
    }
}
