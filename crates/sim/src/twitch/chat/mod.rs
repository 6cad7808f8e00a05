//! Chat: who is what in which channel, what was said, and what Twitch lets nobody say.

mod control;
mod events;
mod hands;
mod moderation;
mod send;

pub(super) use control::router;
pub(super) use moderation::{delete, followers};
pub(super) use send::send;

use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

/// What somebody is in a channel; the broadcaster is known by the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Viewer,
    Subscriber,
    Vip,
    Moderator,
    LeadModerator,
}

impl Role {
    /// Whether slow mode, the least gap and the rule about repetition do not hold.
    fn is_privileged(self) -> bool {
        self >= Self::Vip
    }

    /// Whether the account's larger limit holds.
    fn moderates(self) -> bool {
        self >= Self::Moderator
    }
}

/// A line as it stands in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenLine {
    pub message_id: String,
    /// The channel's id.
    pub channel: String,
    /// Who wrote it, by id.
    pub chatter: String,
    pub text: String,
    /// The line that it answers.
    pub reply_to: Option<String>,
    /// By whose order it was sent: `app` or `user`, or `typed`.
    pub by: &'static str,
    /// The channel where it was written, if shared chat brought it here.
    pub source: Option<String>,
}

/// What a channel is like.
#[derive(Debug, Clone, Default)]
struct Room {
    roles: HashMap<String, Role>,
    banned: Vec<String>,
    timed_out: HashMap<String, Instant>,
    slow: Duration,
    /// Drop codes for what is said next, oldest first.
    drops: Vec<String>,
    /// What each has said last here, and when.
    said: HashMap<String, Vec<(Instant, String)>>,
}

/// All channels.
#[derive(Debug, Default)]
pub(super) struct Chat {
    rooms: BTreeMap<String, Room>,
    lines: Vec<SeenLine>,
    /// When each account has sent something, refused or not.
    sent: HashMap<String, Vec<Instant>>,
    /// Channels that share their chat.
    sessions: Vec<Vec<String>>,
    /// How often each code was the answer.
    dropped: BTreeMap<String, usize>,
    /// Ids of lines that moderators have deleted.
    deleted: Vec<String>,
    /// Who follows which channel, and since when.
    followers: BTreeMap<String, BTreeMap<String, String>>,
}

impl Chat {
    fn room(&mut self, channel: &str) -> &mut Room {
        self.rooms.entry(channel.to_owned()).or_default()
    }

    fn role(&self, channel: &str, user: &str) -> Role {
        if channel == user {
            return Role::LeadModerator;
        }
        let room = self.rooms.get(channel);
        room.and_then(|room| room.roles.get(user)).copied().unwrap_or(Role::Viewer)
    }

    pub(super) fn is_moderator(&self, channel: &str, user: &str) -> bool {
        self.role(channel, user).moderates()
    }

    pub(super) fn is_banned(&self, channel: &str, user: &str) -> bool {
        self.rooms.get(channel).is_some_and(|room| room.banned.iter().any(|id| id == user))
    }

    /// The channels that see what is said in one, itself first.
    fn session_of(&self, channel: &str) -> Vec<String> {
        let session = self.sessions.iter().find(|all| all.iter().any(|one| one == channel));
        let others = session.into_iter().flatten().filter(|one| *one != channel).cloned();
        std::iter::once(channel.to_owned()).chain(others).collect()
    }
}
