//! What a channel's owner has defined.

use super::Level;
use crate::TwitchUserId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A command; its cooldowns and counter are kept by this id, so that editing resets nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(pub uuid::Uuid);

/// Which of several responses is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// One by chance.
    #[default]
    Random,
    /// One after the other, by the usage counter.
    InTurn,
}

/// When a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    #[default]
    Always,
    Online,
    Offline,
}

/// Somebody on a list: the id decides, the login is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: TwitchUserId,
    pub login: String,
}

/// An address whose answer a response shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// The source of a template; its server is fixed.
    pub url: String,
    /// What is shown when nothing usable comes.
    pub fallback: String,
}

/// A command of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub id: CommandId,
    /// Without the prefix, as the owner wrote it.
    pub name: String,
    pub aliases: Vec<String>,
    /// Sources of templates.
    pub responses: Vec<String>,
    pub order: Order,
    /// Whether the answer is a reply to the line.
    pub reply: bool,
    pub level: Level,
    /// May use it whatever their level.
    pub allow: Vec<Person>,
    /// May not use it whatever their level; stronger than `allow`. The broadcaster always may.
    pub deny: Vec<Person>,
    /// Seconds between two answers to anybody.
    pub cooldown: u32,
    /// Seconds between two answers to the same person; independent of `cooldown`.
    pub user_cooldown: u32,
    /// From this rung on nobody waits.
    pub no_cooldown_from: Option<Level>,
    pub when: When,
    pub enabled: bool,
    pub expires_at: Option<OffsetDateTime>,
    pub category: String,
    pub fetch: Option<Fetch>,
}

impl Order {
    /// The word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::InTurn => "in_turn",
        }
    }
}

impl When {
    /// The word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Online => "online",
            Self::Offline => "offline",
        }
    }
}
