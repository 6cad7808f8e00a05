//! Who somebody is in a channel, as a ladder.

use serde::{Deserialize, Serialize};

/// A badge that Twitch shows beside a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    /// Twitch's `set_id`, such as `moderator`.
    pub set: String,
    /// The version within the set.
    pub id: String,
}

/// A rung; whoever stands higher may do all that those below may.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    #[default]
    Everyone,
    /// No badge tells of it: Twitch has to be asked.
    Follower,
    Subscriber,
    Vip,
    Moderator,
    Broadcaster,
}

impl Level {
    /// All rungs, lowest first.
    pub const ALL: [Self; 6] = [
        Self::Everyone,
        Self::Follower,
        Self::Subscriber,
        Self::Vip,
        Self::Moderator,
        Self::Broadcaster,
    ];

    /// The word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Follower => "follower",
            Self::Subscriber => "subscriber",
            Self::Vip => "vip",
            Self::Moderator => "moderator",
            Self::Broadcaster => "broadcaster",
        }
    }

    /// The rung of this word.
    pub fn by_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }

    /// The highest rung that badges prove. `lead_moderator` and `founder` come in place of
    /// `moderator` and `subscriber`; a badge that we do not know gives nothing.
    ///
    /// Never [`Level::Broadcaster`]: that is told by the id, see [`super::Line::level`].
    pub fn of_badges(badges: &[Badge]) -> Self {
        let rung = |badge: &Badge| match badge.set.as_str() {
            "moderator" | "lead_moderator" => Self::Moderator,
            "vip" => Self::Vip,
            "subscriber" | "founder" => Self::Subscriber,
            _ => Self::Everyone,
        };
        badges.iter().map(rung).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn badges(sets: &[&str]) -> Vec<Badge> {
        sets.iter().map(|set| Badge { set: (*set).to_owned(), id: "1".to_owned() }).collect()
    }

    #[test]
    fn badges_are_rungs_of_a_ladder_and_unknown_ones_give_nothing() {
        for (sets, level) in [
            (&[][..], Level::Everyone),
            (&["premium", "bits", "admin", "staff", "Moderator"][..], Level::Everyone),
            (&["founder"][..], Level::Subscriber),
            (&["subscriber"][..], Level::Subscriber),
            (&["vip", "subscriber"][..], Level::Vip),
            (&["lead_moderator"][..], Level::Moderator),
            (&["moderator", "subscriber"][..], Level::Moderator),
            // The id tells who the broadcaster is, not the badge.
            (&["broadcaster"][..], Level::Everyone),
        ] {
            assert_eq!(Level::of_badges(&badges(sets)), level, "{sets:?}");
        }
    }

    #[test]
    fn ladder_is_in_order_and_words_lead_back() {
        assert!(Level::ALL.is_sorted());
        for level in Level::ALL {
            assert_eq!(Level::by_word(level.as_str()), Some(level));
            assert_eq!(serde_json::to_value(level).unwrap(), level.as_str());
        }
        assert_eq!(Level::by_word("owner"), None);
    }
}
