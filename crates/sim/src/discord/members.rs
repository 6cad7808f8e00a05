//! Users, and who of them is in which guild with which roles.

use super::{
    answers::iso,
    model::{APPLICATION_NAME, Member, User},
    world::World,
};
use serde_json::{Value, json};

impl World {
    pub(super) fn add_user(&mut self, username: &str, global_name: Option<&str>) -> u64 {
        let id = self.snowflake();
        let (username, global_name) = (username.to_owned(), global_name.map(str::to_owned));
        self.users.insert(id, User { username, bot: false, global_name });
        id
    }

    /// Brings a user into a guild; `false` when there is no such user or guild.
    pub(super) fn add_member(&mut self, guild: u64, user: u64) -> bool {
        let joined_ms = self.now_ms();
        let known = self.users.contains_key(&user);
        let Some(guild) = self.guilds.get_mut(&guild).filter(|_| known) else { return false };
        guild.members.entry(user).or_insert(Member { roles: Vec::new(), joined_ms });
        true
    }

    /// Takes a user out of a guild; `false` when nobody was there.
    pub(super) fn remove_member(&mut self, guild: u64, user: u64) -> bool {
        let guild = self.guilds.get_mut(&guild);
        guild.and_then(|guild| guild.members.remove(&user)).is_some()
    }

    pub(super) fn set_owner(&mut self, guild: u64, user: u64) {
        let joined = self.add_member(guild, user);
        if let Some(guild) = self.guilds.get_mut(&guild).filter(|_| joined) {
            guild.owner = user;
        }
    }

    pub(super) fn give_role(&mut self, guild: u64, user: u64, role: u64) {
        self.take_role(guild, user, role);
        let Some(guild) = self.guilds.get_mut(&guild) else { return };
        let known = guild.roles.iter().any(|known| known.id == role);
        if let Some(member) = guild.members.get_mut(&user).filter(|_| known) {
            member.roles.push(role);
        }
    }

    pub(super) fn take_role(&mut self, guild: u64, user: u64, role: u64) {
        let guild = self.guilds.get_mut(&guild);
        if let Some(member) = guild.and_then(|guild| guild.members.get_mut(&user)) {
            member.roles.retain(|held| *held != role);
        }
    }

    pub(super) fn set_role_permissions(&mut self, guild: u64, role: u64, permissions: u64) {
        let Some(guild) = self.guilds.get_mut(&guild) else { return };
        if let Some(role) = guild.roles.iter_mut().find(|known| known.id == role) {
            role.permissions = permissions;
        }
    }
}

/// A user as Discord shows it.
pub(super) fn user(world: &World, id: u64) -> Value {
    let user = world.users.get(&id);
    let bot = id == world.bot || user.is_some_and(|user| user.bot);
    json!({
        "id": id.to_string(), "username": user.map_or(APPLICATION_NAME, |user| &user.username),
        "global_name": user.and_then(|user| user.global_name.as_deref()), "avatar": null,
        "discriminator": if bot { "0000" } else { "0" }, "bot": bot, "public_flags": 0,
    })
}

/// A member of a guild, the bot included.
pub(super) fn member(world: &World, guild: u64, id: u64) -> Option<Value> {
    let guild = world.guilds.get(&guild)?;
    let bot_role = [guild.bot_role];
    let (roles, joined_ms) = match guild.members.get(&id) {
        Some(member) => (member.roles.as_slice(), member.joined_ms),
        None if id == world.bot && guild.bot_present => (bot_role.as_slice(), 0),
        None => return None,
    };
    let roles: Vec<_> = roles.iter().map(u64::to_string).collect();
    let timeout = guild.bot_timeout_ms.filter(|_| id == world.bot).map(iso);
    Some(json!({
        "user": user(world, id), "roles": roles, "nick": null, "avatar": null,
        "communication_disabled_until": timeout, "joined_at": iso(joined_ms), "flags": 0,
        "deaf": false, "mute": false, "pending": false,
    }))
}
