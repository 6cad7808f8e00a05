//! What the simulated Discord is made of.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the application and its bot are called.
pub(super) const APPLICATION_NAME: &str = "StreamMaxing";

/// A person with an account.
#[derive(Debug)]
pub(super) struct User {
    pub(super) username: String,
    /// Whether it is a bot, of somebody else's.
    pub(super) bot: bool,
    pub(super) global_name: Option<String>,
}

impl User {
    /// The name that people see.
    pub(super) fn shown_name(&self) -> &str {
        self.global_name.as_deref().unwrap_or(&self.username)
    }
}

/// A user in a guild.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) roles: Vec<u64>,
    pub(super) joined_ms: u64,
}

/// An interaction whose answer may still change.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) begun_ms: u64,
    /// Whether the application's first answer was read.
    pub(super) is_answered: bool,
    /// So many requests come too early for Discord, whatever was read.
    pub(super) too_early: u32,
    /// The message as the person sees it; `None` once it was dismissed.
    pub(super) original: Option<Value>,
}

#[derive(Debug, Clone, Serialize)]
pub struct SimMessage {
    pub id: String,
    pub channel_id: String,
    /// Who wrote it: our bot, another one, or a person.
    pub author_id: String,
    /// The text.
    pub content: String,
    /// The embeds, as sent.
    pub embeds: Vec<Value>,
    /// Buttons, in rows, as sent.
    pub components: Vec<Value>,
    /// Roles that were pinged.
    pub mention_roles: Vec<String>,
    /// Users that were pinged.
    pub mentions: Vec<String>,
    /// Whether everyone was pinged.
    pub mention_everyone: bool,
    /// The nonce it was posted with.
    pub nonce: Option<String>,
    /// How often it was edited.
    pub edits: u32,
    /// When it was posted, in Unix milliseconds.
    pub created_ms: u64,
    /// When it was edited last, in Unix milliseconds.
    pub edited_ms: Option<u64>,
    /// Whether a moderator has suppressed the embeds.
    pub suppressed: bool,
    /// Whether it is gone.
    pub deleted: bool,
}

/// A request that came in.
#[derive(Debug, Clone, Serialize)]
pub struct SeenRequest {
    pub method: String,
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// When it came, in Unix milliseconds.
    pub at_ms: u64,
}

#[derive(Debug)]
pub(super) struct Guild {
    pub(super) name: String,
    pub(super) owner: u64,
    /// `@everyone` first, then the bot's own, then the others as they were made.
    pub(super) roles: Vec<Role>,
    /// Everybody but the bot.
    pub(super) members: BTreeMap<u64, Member>,
    pub(super) channels: Vec<u64>,
    pub(super) bot_role: u64,
    pub(super) bot_present: bool,
    /// Until when the bot is timed out, in Unix milliseconds.
    pub(super) bot_timeout_ms: Option<u64>,
}

#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) permissions: u64,
    pub(super) mentionable: bool,
    pub(super) managed: bool,
}

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) guild: u64,
    pub(super) name: String,
    pub(super) kind: u8,
    /// The category, or a thread's channel.
    pub(super) parent: Option<u64>,
    pub(super) overwrites: Vec<Overwrite>,
    pub(super) messages: Vec<SimMessage>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Overwrite {
    pub(super) id: u64,
    pub(super) member: bool,
    pub(super) allow: u64,
    pub(super) deny: u64,
}

pub(super) fn is_thread(kind: u8) -> bool {
    matches!(kind, 10..=12)
}
