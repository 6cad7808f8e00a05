//! What a channel wants said when something happens: thanks, and the beginning and end of a stream.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Follow,
    Subscribe,
    Gift,
    Cheer,
    Raid,
    Live,
    End,
}

impl Kind {
    pub const ALL: [Self; 7] =
        [Self::Follow, Self::Subscribe, Self::Gift, Self::Cheer, Self::Raid, Self::Live, Self::End];

    /// Its name in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Follow => "follow",
            Self::Subscribe => "subscribe",
            Self::Gift => "gift",
            Self::Cheer => "cheer",
            Self::Raid => "raid",
            Self::Live => "live",
            Self::End => "end",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// What the streamer has to let us hear of, by the feed's word for it.
    pub fn grant(self) -> Option<&'static str> {
        match self {
            Self::Follow => Some("follows"),
            Self::Subscribe | Self::Gift => Some("subscriptions"),
            Self::Cheer => Some("cheers"),
            Self::Raid | Self::Live | Self::End => None,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Follow => "Thanks for the follow, {user}!",
            Self::Subscribe => "Thanks for subscribing, {user}!",
            Self::Gift => "{user} gives {count} subscriptions. Thank you!",
            Self::Cheer => "Thanks for {count} bits, {user}!",
            Self::Raid => "{user} raids with {count} viewers. Welcome!",
            Self::Live => "{channel} is live{#if game}: {game}{/if}",
            Self::End => "That was the stream. See you!",
        }
    }
}

/// What is said to one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    pub enabled: bool,
    /// A template.
    pub text: String,
    /// Bits, gifts or viewers below which nothing is said.
    #[serde(default)]
    pub at_least: i64,
}

/// What is said to each kind; one that is not there is off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Events(BTreeMap<Kind, Reply>);

impl Events {
    /// What is said to a kind, as it was saved or as it comes.
    pub fn of(&self, kind: Kind) -> Reply {
        let as_it_comes = || Reply { enabled: false, text: kind.text().to_owned(), at_least: 0 };
        self.0.get(&kind).cloned().unwrap_or_else(as_it_comes)
    }

    /// Those that were saved.
    pub(super) fn saved(&self) -> impl Iterator<Item = (Kind, &Reply)> {
        self.0.iter().map(|(kind, reply)| (*kind, reply))
    }
}
