//! Making, changing and deleting roles, and who carries them.

use crate::{Client, Error, Reply, model::Role};
use reqwest::Method;
use serde::Serialize;
use sm_types::{GuildId, RoleId, UserId};

/// A role to make.
#[derive(Debug, Clone, Serialize)]
pub struct NewRole {
    /// At most 100 characters.
    pub name: String,
    /// None: without this a role permits what `@everyone` may.
    permissions: &'static str,
    hoist: bool,
    /// Whether every member may mention it.
    pub mentionable: bool,
}

impl NewRole {
    /// A role that permits nothing and is not shown apart.
    pub fn plain(name: &str, mentionable: bool) -> Self {
        let name = name.chars().take(100).collect();
        Self { name, permissions: "0", hoist: false, mentionable }
    }
}

#[derive(Serialize)]
struct Mentionable {
    mentionable: bool,
}

impl Client {
    /// Makes a role, below all others. There is no nonce: asked twice, there are two.
    pub async fn create_role(&self, guild: GuildId, role: &NewRole) -> Result<Reply<Role>, Error> {
        self.call(Method::POST, format!("guilds/{guild}/roles"), Some(role)).await
    }

    /// Sets whether every member may mention a role.
    pub async fn set_role_mentionable(
        &self,
        guild: GuildId,
        role: RoleId,
        mentionable: bool,
    ) -> Result<Reply<Role>, Error> {
        let change = Mentionable { mentionable };
        self.call(Method::PATCH, format!("guilds/{guild}/roles/{role}"), Some(&change)).await
    }

    /// Deletes a role; whoever carries it does not any more.
    pub async fn delete_role(&self, guild: GuildId, role: RoleId) -> Result<Reply<()>, Error> {
        self.done(Method::DELETE, format!("guilds/{guild}/roles/{role}")).await
    }

    /// Grants a role to a member, who may have it already. For somebody who is no member Discord may say that it is done.
    pub async fn add_member_role(
        &self,
        guild: GuildId,
        user: UserId,
        role: RoleId,
    ) -> Result<Reply<()>, Error> {
        self.done(Method::PUT, format!("guilds/{guild}/members/{user}/roles/{role}")).await
    }

    /// Takes a role from a member, who may not have it.
    pub async fn remove_member_role(
        &self,
        guild: GuildId,
        user: UserId,
        role: RoleId,
    ) -> Result<Reply<()>, Error> {
        self.done(Method::DELETE, format!("guilds/{guild}/members/{user}/roles/{role}")).await
    }
}
