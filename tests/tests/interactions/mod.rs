//! Commands and buttons on Discord, as members and admins use them.

mod admin;
mod deferral;
mod member;
mod mutations;
mod registration;
mod signatures;

use sm_sim::discord::Doer;
use sm_tests::{Guild, World};
use sm_types::UserId;

/// A world in which Discord posts interactions to the app.
async fn scenario(test: impl AsyncFnOnce(&World)) {
    sm_tests::scenario(async |t| {
        t.discord.set_interactions_url(&format!("{}/interactions", t.url));
        test(t).await;
    })
    .await;
}

/// Somebody in a server.
pub(crate) fn doer(guild: Guild, user: UserId) -> Doer {
    Doer { user, guild: Some(guild.id), channel: guild.channel, locale: "en-US" }
}

/// The owner of a server.
fn admin(t: &World, guild: Guild) -> Doer {
    let user = t.discord.add_user("ada", Some("Ada"));
    t.discord.set_owner(guild.id, user);
    doer(guild, user)
}

/// A member who may manage nothing.
fn member(t: &World, guild: Guild, name: &str) -> Doer {
    let user = t.discord.add_user(name, None);
    t.discord.add_member(guild.id, user);
    doer(guild, user)
}
