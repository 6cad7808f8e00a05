//! What people do in chat, and what is seen there.

use super::{Role, SeenLine, events};
use crate::twitch::TwitchSim;
use sm_types::TwitchUserId;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

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

    /// Somebody follows a channel since a moment (RFC 3339); nobody is told.
    pub fn add_follower(&self, channel: &TwitchUserId, user: &TwitchUserId, since: &str) {
        let mut world = self.shared.world();
        let all = world.chat.followers.entry(channel.as_str().to_owned()).or_default();
        all.insert(user.as_str().to_owned(), since.to_owned());
    }

    /// Ids of the lines that were deleted, in that order.
    pub fn deleted_lines(&self) -> Vec<String> {
        self.shared.world().chat.deleted.clone()
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
