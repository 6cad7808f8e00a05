//! Chat: who is what in which channel, what was said, and what Twitch lets nobody say.

mod control;
mod events;
mod send;

pub(super) use control::router;
pub(super) use send::send;

use super::TwitchSim;
use serde::Serialize;
use sm_types::TwitchUserId;
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

impl TwitchSim {
    /// Makes somebody something in a channel.
    pub fn set_role(&self, channel: &TwitchUserId, user: &TwitchUserId, role: Role) {
        let mut world = self.shared.world();
        world.chat.room(channel.as_str()).roles.insert(user.as_str().to_owned(), role);
    }

    /// Turns slow mode on, or off with zero.
    pub fn set_slow_mode(&self, channel: &TwitchUserId, slow: Duration) {
        self.shared.world().chat.room(channel.as_str()).slow = slow;
    }

    /// Nobody is heard of somebody for a while: what they say is dropped with `user_timed_out`.
    pub fn time_out(&self, channel: &TwitchUserId, user: &TwitchUserId, lasts: Duration) {
        let mut world = self.shared.world();
        let until = Instant::now() + lasts;
        world.chat.room(channel.as_str()).timed_out.insert(user.as_str().to_owned(), until);
    }

    /// Bans somebody; subscriptions that they read the chat with are revoked with `chat_user_banned`.
    pub async fn ban(&self, channel: &TwitchUserId, user: &TwitchUserId) -> Vec<u16> {
        self.shared.world().chat.room(channel.as_str()).banned.push(user.as_str().to_owned());
        events::revoke_reader(&self.shared, channel.as_str(), user.as_str()).await
    }

    /// Lets somebody in again.
    pub fn unban(&self, channel: &TwitchUserId, user: &TwitchUserId) {
        let mut world = self.shared.world();
        world.chat.room(channel.as_str()).banned.retain(|id| id != user.as_str());
    }

    /// Drops what is said next in a channel with this code.
    pub fn drop_next_line(&self, channel: &TwitchUserId, code: &str) {
        self.shared.world().chat.room(channel.as_str()).drops.push(code.to_owned());
    }

    /// Lets channels share their chat.
    pub fn share_chat(&self, channels: &[&TwitchUserId]) {
        let session = channels.iter().map(|id| id.as_str().to_owned()).collect();
        self.shared.world().chat.sessions.push(session);
    }

    /// Somebody types a line; returns its id once every subscriber has answered.
    pub async fn type_line(
        &self,
        channel: &TwitchUserId,
        user: &TwitchUserId,
        text: &str,
    ) -> String {
        let typed = events::Said { channel, chatter: user, text, reply_to: None, by: "typed" };
        let (id, deliveries) = events::note(&self.shared, &typed, true);
        events::tell(&self.shared, deliveries).await;
        id
    }

    /// The same as an answer to another line, with the mention that clients put before it.
    pub async fn type_reply(
        &self,
        channel: &TwitchUserId,
        user: &TwitchUserId,
        parent: &str,
        text: &str,
    ) -> String {
        let typed =
            events::Said { channel, chatter: user, text, reply_to: Some(parent), by: "typed" };
        let (id, deliveries) = events::note(&self.shared, &typed, true);
        events::tell(&self.shared, deliveries).await;
        id
    }

    /// Twitch tells of a line a second time, under another id of the message; returns what was answered.
    pub async fn tell_again(&self, line: &str) -> Vec<u16> {
        events::tell_again(&self.shared, line).await
    }

    /// What was said so far, in all channels, oldest first.
    pub fn lines(&self) -> Vec<SeenLine> {
        self.shared.world().chat.lines.clone()
    }

    /// What somebody has said in a channel, oldest first.
    pub fn lines_of(&self, channel: &TwitchUserId, user: &TwitchUserId) -> Vec<String> {
        let world = self.shared.world();
        let theirs =
            |line: &&SeenLine| line.channel == channel.as_str() && line.chatter == user.as_str();
        world.chat.lines.iter().filter(theirs).map(|line| line.text.clone()).collect()
    }

    /// Lets half a minute pass for everybody's limits.
    pub fn forget_sent_lines(&self) {
        let mut world = self.shared.world();
        world.chat.sent.clear();
        world.chat.rooms.values_mut().for_each(|room| room.said.clear());
    }

    /// Somebody takes back what they had let the application do, and nobody is told.
    pub fn withdraw_silently(&self, user: &TwitchUserId) {
        self.shared.world().withdraw(user.as_str());
    }

    /// How often what was to be said was dropped, by code.
    pub fn dropped_lines(&self) -> BTreeMap<String, usize> {
        self.shared.world().chat.dropped.clone()
    }
}
