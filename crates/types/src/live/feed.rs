//! What a streamer's feed tells of.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedKind {
    /// A stream has begun.
    Online,
    /// A stream has ended.
    Offline,
    /// Another title or category.
    Update,
    /// Another channel has sent its viewers.
    Raid,
    Follow,
    /// Somebody has subscribed, or was given a subscription.
    Subscribe,
    /// Somebody has given subscriptions away.
    Gift,
    Cheer,
}

impl FeedKind {
    pub const ALL: [Self; 8] = [
        Self::Online,
        Self::Offline,
        Self::Update,
        Self::Raid,
        Self::Follow,
        Self::Subscribe,
        Self::Gift,
        Self::Cheer,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Update => "update",
            Self::Raid => "raid",
            Self::Follow => "follow",
            Self::Subscribe => "subscribe",
            Self::Gift => "gift",
            Self::Cheer => "cheer",
        }
    }

    /// The kind of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What the streamer must have granted; `None`: everybody may know it.
    pub fn grant(self) -> Option<FeedGrant> {
        FeedGrant::ALL.into_iter().find(|grant| grant.kinds().contains(&self))
    }
}

/// What a streamer can let the feed show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedGrant {
    Follows,
    Subscriptions,
    Cheers,
}

impl FeedGrant {
    pub const ALL: [Self; 3] = [Self::Follows, Self::Subscriptions, Self::Cheers];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Follows => "follows",
            Self::Subscriptions => "subscriptions",
            Self::Cheers => "cheers",
        }
    }

    /// The grant of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == name)
    }

    /// Twitch's scope for it.
    pub fn scope(self) -> &'static str {
        match self {
            Self::Follows => "moderator:read:followers",
            Self::Subscriptions => "channel:read:subscriptions",
            Self::Cheers => "bits:read",
        }
    }

    /// Kinds of events that need it.
    pub fn kinds(self) -> &'static [FeedKind] {
        match self {
            Self::Follows => &[FeedKind::Follow],
            Self::Subscriptions => &[FeedKind::Subscribe, FeedKind::Gift],
            Self::Cheers => &[FeedKind::Cheer],
        }
    }
}

/// Several kinds: those that somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FeedKinds(u16);

impl FeedKinds {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(u16::MAX);

    pub fn contains(self, kind: FeedKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// The kinds as Postgres stores them (`integer`); all of them as -1, those of newer versions included.
    pub fn to_db(self) -> i32 {
        if self == Self::ALL { -1 } else { i32::from(self.0) }
    }

    /// The kinds of an `integer` column.
    pub fn from_db(value: i32) -> Self {
        u16::try_from(value).map_or(Self::ALL, Self)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those of these names; a name of a newer version is none.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().filter_map(FeedKind::named).collect()
    }

    pub fn iter(self) -> impl Iterator<Item = FeedKind> {
        FeedKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }

    fn bit(kind: FeedKind) -> u16 {
        1 << kind as u16
    }
}

impl FromIterator<FeedKind> for FeedKinds {
    fn from_iter<T: IntoIterator<Item = FeedKind>>(kinds: T) -> Self {
        kinds.into_iter().fold(Self::NONE, |all, kind| Self(all.0 | Self::bit(kind)))
    }
}

/// An event of a feed, as its readers are told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedEvent {
    pub event_id: Uuid,
    pub kind: FeedKind,
    /// RFC 3339, by Twitch's clock.
    pub occurred_at: String,
    /// Somebody has tried the feed out: it did not happen.
    pub is_test: bool,
    /// What belongs to the kind.
    pub details: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_sets_hold_what_was_put_in() {
        for kind in FeedKind::ALL {
            assert_eq!(FeedKind::named(kind.as_str()), Some(kind));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{}\"", kind.as_str()));
            let alone = FeedKinds::from_iter([kind]);
            assert_eq!(alone.iter().collect::<Vec<_>>(), [kind]);
            assert!(FeedKinds::ALL.contains(kind) && !FeedKinds::NONE.contains(kind));
        }
        assert_eq!(
            FeedKinds::named(["raid", "kind_of_2031"]),
            FeedKinds::from_iter([FeedKind::Raid])
        );
        for grant in FeedGrant::ALL {
            assert_eq!(FeedGrant::named(grant.as_str()), Some(grant));
            assert!(grant.kinds().iter().all(|kind| kind.grant() == Some(grant)));
        }
        assert_eq!(FeedKind::Raid.grant(), None);
    }
}
