//! Users, their roles, and what they have granted: the side of [`DiscordSim`] that tests move.

use super::DiscordSim;
use sm_types::{GuildId, RoleId, UserId};
use std::time::Duration;

impl DiscordSim {
    /// Adds a person with an account, in no guild yet.
    pub fn add_user(&self, username: &str, global_name: Option<&str>) -> UserId {
        UserId(self.shared.world().add_user(username, global_name))
    }

    /// Adds a bot of somebody else's.
    pub fn add_bot(&self, username: &str) -> UserId {
        let mut world = self.shared.world();
        let id = world.add_user(username, None);
        if let Some(user) = world.users.get_mut(&id) {
            user.bot = true;
        }
        UserId(id)
    }

    /// Brings a user into a guild.
    pub fn add_member(&self, guild: GuildId, user: UserId) {
        self.shared.world().add_member(guild.0, user.0);
    }

    /// Takes a user out of a guild.
    pub fn remove_member(&self, guild: GuildId, user: UserId) {
        self.shared.world().remove_member(guild.0, user.0);
    }

    /// Makes a user the owner of a guild, and a member.
    pub fn set_owner(&self, guild: GuildId, user: UserId) {
        self.shared.world().set_owner(guild.0, user.0);
    }

    /// Gives a member a role.
    pub fn give_role(&self, guild: GuildId, user: UserId, role: RoleId) {
        self.shared.world().give_role(guild.0, user.0, role.0);
    }

    /// Takes a role from a member.
    pub fn take_role(&self, guild: GuildId, user: UserId, role: RoleId) {
        self.shared.world().take_role(guild.0, user.0, role.0);
    }

    /// Sets what a role grants; the role with the guild's id is `@everyone`.
    pub fn set_role_permissions(&self, guild: GuildId, role: RoleId, permissions: u64) {
        self.shared.world().set_role_permissions(guild.0, role.0, permissions);
    }

    /// Makes all access tokens expire; refresh tokens stay good.
    pub fn expire_tokens(&self) {
        self.shared.world().grants.expire();
    }

    /// Kills all codes and tokens of a user; no event tells of it.
    pub fn revoke_user(&self, user: UserId) {
        self.shared.world().grants.revoke_user(user.0);
    }

    /// Makes answers to requests for tokens take this long; what was asked is done at once.
    pub fn delay_tokens(&self, delay: Option<Duration>) {
        self.shared.world().grants.delay = delay;
    }

    /// How often a code was sent to be exchanged, refused or not.
    pub fn token_exchanges(&self) -> u64 {
        self.shared.world().grants.exchanges
    }

    /// How often a refresh token was sent to be exchanged, refused or not.
    pub fn token_refreshes(&self) -> u64 {
        self.shared.world().grants.refreshes
    }

    /// How often the guilds of a user were asked for, refused or not.
    pub fn guild_list_requests(&self) -> u64 {
        self.shared.world().grants.guild_lists
    }
}
