//! The room: sockets, and what is said.

mod description;
mod favorites;
mod feed;
mod feed_rights;
mod frames;
mod gateway;
mod gateway_feed;
mod hints;
mod own_channel;
mod presence;
mod presence_model;
mod processes;
mod resume;
mod rights;
mod shouts;
mod watch;

use serde_json::{Value, json};
use sm_sim::discord::DiscordSim;
use sm_tests::{Browser, Guild, World};
use sm_types::{TwitchUserId, UserId};
use uuid::Uuid;

/// A server whose owner is Ada and in which Ben is a member.
pub(crate) struct Server {
    pub(crate) guild: Guild,
    /// Whom it follows.
    pub(crate) ana: TwitchUserId,
    pub(crate) ada: UserId,
    pub(crate) ben: UserId,
}

impl Server {
    pub(crate) async fn of(t: &World) -> Self {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let discord: &DiscordSim = &t.discord;
        let ada = discord.add_user("ada", Some("Ada"));
        let ben = discord.add_user("ben", Some("Ben"));
        discord.set_owner(guild.id, ada);
        discord.add_member(guild.id, ben);
        Self { guild, ana, ada, ben }
    }

    pub(crate) fn room(&self) -> String {
        format!("room:{}", self.guild.id)
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/rooms/{}{rest}", self.guild.id)
    }
}

/// What is sent to say something.
pub(crate) fn shout(room: &str, text: &str) -> Value {
    json!({ "type": "shout", "room": room, "client_id": Uuid::new_v4(), "text": text })
}

/// Says something over HTTP, as often as it takes.
pub(crate) async fn say(browser: &Browser<'_>, server: &Server, text: &str) -> Value {
    let body = json!({ "client_id": Uuid::new_v4(), "text": text });
    browser.post(&server.path("/messages"), &body).await.ok()
}

/// The texts of events.
pub(crate) fn texts(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["data"]["text"].as_str().unwrap_or("-")).collect()
}
