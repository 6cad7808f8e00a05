//! The rules themselves, as they are stored and sent. What is empty asks for nothing.

use serde::{Deserialize, Serialize};

/// A server's rules, or those of one channel in their place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleSet {
    #[serde(skip_serializing_if = "is_default")]
    pub categories: Categories,
    #[serde(skip_serializing_if = "is_default")]
    pub title: TitleRules,
    /// Broadcast languages as Twitch writes them (`en`, `pt-br`, `other`); only these.
    #[serde(skip_serializing_if = "is_default")]
    pub languages: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub tags: Tags,
    /// Types of streams, in place of the server's; for a channel's own rules only.
    #[serde(skip_serializing_if = "is_default")]
    pub stream_types: Vec<String>,
    /// Viewers at the second look, 75 seconds after the go-live; the announcement waits for it.
    #[serde(skip_serializing_if = "is_default")]
    pub least_viewers: Option<u32>,
    /// Seconds since the server's last ping, for whichever streamer.
    #[serde(skip_serializing_if = "is_default")]
    pub pause_seconds: Option<u32>,
    /// Go-lives that ping in the server within any 24 hours.
    #[serde(skip_serializing_if = "is_default")]
    pub most_pings: Option<u32>,
}

/// Which categories.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Categories {
    #[serde(skip_serializing_if = "is_default")]
    pub only: Vec<Category>,
    #[serde(skip_serializing_if = "is_default")]
    pub never: Vec<Category>,
}

/// A category of Twitch's: its id counts, its name is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    pub id: String,
    #[serde(default)]
    pub name: String,
}

/// Which titles, in small or capital letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TitleRules {
    /// One of these at least.
    #[serde(skip_serializing_if = "is_default")]
    pub contains: Vec<String>,
    /// None of these.
    #[serde(skip_serializing_if = "is_default")]
    pub lacks: Vec<String>,
    /// A pattern of the `regex` crate, which takes linear time.
    #[serde(skip_serializing_if = "is_default")]
    pub pattern: Option<String>,
}

/// Which tags, in small or capital letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tags {
    /// One of these at least.
    #[serde(skip_serializing_if = "is_default")]
    pub any: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub never: Vec<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
