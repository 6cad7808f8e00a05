//! Setting a server up, as its admins and members do over HTTP.

mod audit;
mod config;
mod deliveries;
mod file;
mod install;
mod overview;
mod pings;
mod preferences;
mod streamers;
mod templates;

use serde_json::{Value, json};
use sm_tests::{Answer, Browser, Guild, World};
use sm_types::{RoleId, TwitchUserId, UserId};

/// Somebody who is signed in and owns a server.
pub(crate) struct Admin<'a> {
    pub(crate) browser: Browser<'a>,
    pub(crate) user: UserId,
    pub(crate) guild: Guild,
    base: String,
}

/// An admin of a server that follows a streamer.
pub(crate) async fn admin<'a>(t: &'a World, streamer: &TwitchUserId) -> Admin<'a> {
    let guild = t.guild_following(streamer).await;
    let user = t.discord.add_user("ada", Some("Ada"));
    t.discord.set_owner(guild.id, user);
    let browser = t.signed_in(user).await;
    Admin { browser, user, guild, base: format!("/api/guilds/{}", guild.id) }
}

impl Admin<'_> {
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("{}/{rest}", self.base)
    }

    /// Loads, changes and saves; the answer.
    pub(crate) async fn change(&self, rest: &str, change: impl FnOnce(&mut Value)) -> Answer {
        let loaded = self.browser.get(&self.path(rest)).await;
        let etag = loaded.header("etag").to_owned();
        let mut body = loaded.ok();
        change(&mut body);
        self.browser.put_from(&self.path(rest), &etag, &body).await
    }

    /// Lets the server's announcements ping a new role.
    async fn mention_a_role(&self, t: &World) -> RoleId {
        let role = t.discord.add_role(self.guild.id, "Fans", true);
        let mention = json!({"kind": "role", "role_id": role});
        self.change("config", |config| config["mention"] = mention).await.ok();
        role
    }
}
