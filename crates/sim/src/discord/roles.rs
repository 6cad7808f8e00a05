//! Making, changing and deleting roles, and who carries them.

use super::{
    answers::Refusal,
    call::Call,
    model::{Guild, Role},
    permissions::{self, MANAGE_ROLES},
    resources,
    world::World,
};
use axum::http::Method;
use serde_json::Value;

/// Discord's own limit.
const MOST_ROLES: usize = 250;

/// Guild, user and role of a change of a member's roles.
pub(super) fn of_members(call: &Call<'_>) -> Option<(u64, (u64, u64))> {
    let ["guilds", guild, "members", user, "roles", role] = call.segments.as_slice() else {
        return None;
    };
    let changes = [Method::PUT, Method::DELETE].contains(call.method);
    changes.then_some(())?;
    Some((guild.parse().ok()?, (user.parse().ok()?, role.parse().ok()?)))
}

/// Gives a member a role, or takes it.
pub(super) fn change_member(
    world: &mut World,
    guild: u64,
    (user, role): (u64, u64),
    give: bool,
) -> Result<Value, Refusal> {
    let found = managed(world, guild)?;
    let known = found.roles.iter().find(|known| known.id == role);
    let known = known.ok_or_else(|| Refusal::new(404, 10011, "Unknown Role"))?;
    below(guild, known)?;
    let carries = found.members.get(&user).map(|member| member.roles.contains(&role));
    let Some(carries) = carries else {
        if world.role_changes.strangers_are_done {
            return Ok(Value::Null);
        }
        return Err(Refusal::new(404, 10007, "Unknown Member"));
    };
    if carries == give {
        world.role_changes.idle += 1;
    } else {
        world.role_changes.made += 1;
    }
    if give {
        world.give_role(guild, user, role);
    } else {
        world.take_role(guild, user, role);
    }
    Ok(Value::Null)
}

pub(super) fn create(world: &mut World, guild: &str, body: &Value) -> Result<Value, Refusal> {
    let guild = guild.parse().unwrap_or(0);
    if managed(world, guild)?.roles.len() >= MOST_ROLES {
        return Err(Refusal::new(400, 30005, "Maximum number of guild roles reached (250)"));
    }
    let name = body["name"].as_str().unwrap_or("new role").to_owned();
    let id = world.add_role(guild, &name, body["mentionable"] == true);
    shown(world, guild, id)
}

pub(super) fn edit(
    world: &mut World,
    guild: &str,
    role: &str,
    body: &Value,
) -> Result<Value, Refusal> {
    let guild = guild.parse().unwrap_or(0);
    let id = own(world, guild, role)?;
    let roles = world.guilds.get_mut(&guild).map(|guild| guild.roles.iter_mut());
    if let Some(found) = roles.into_iter().flatten().find(|known| known.id == id) {
        found.mentionable = body["mentionable"].as_bool().unwrap_or(found.mentionable);
        if let Some(name) = body["name"].as_str() {
            name.clone_into(&mut found.name);
        }
    }
    shown(world, guild, id)
}

pub(super) fn delete(world: &mut World, guild: &str, role: &str) -> Result<Value, Refusal> {
    let guild = guild.parse().unwrap_or(0);
    let id = own(world, guild, role)?;
    world.delete_role(guild, id);
    Ok(Value::Null)
}

/// A guild in which the bot may manage roles.
fn managed(world: &World, guild: u64) -> Result<&Guild, Refusal> {
    let found = world.guilds.get(&guild).filter(|guild| guild.bot_present);
    let found = found.ok_or_else(|| Refusal::new(404, 10004, "Unknown Guild"))?;
    if permissions::of_bot_in_guild(found) & MANAGE_ROLES == 0 {
        return Err(Refusal::new(403, 50013, "Missing Permissions"));
    }
    Ok(found)
}

/// Refuses a role that stands above the bot's, belongs to an integration, or is `@everyone`.
fn below(guild: u64, role: &Role) -> Result<(), Refusal> {
    if role.above_bot || role.managed || role.id == guild {
        return Err(Refusal::new(403, 50013, "Missing Permissions"));
    }
    Ok(())
}

/// A role that the bot may change.
fn own(world: &World, guild: u64, role: &str) -> Result<u64, Refusal> {
    let found = managed(world, guild)?;
    let id: u64 = role.parse().unwrap_or(0);
    let known = found.roles.iter().find(|known| known.id == id);
    let known = known.ok_or_else(|| Refusal::new(404, 10011, "Unknown Role"))?;
    below(guild, known)?;
    Ok(id)
}

fn shown(world: &World, guild: u64, role: u64) -> Result<Value, Refusal> {
    let found = world.guilds.get(&guild).map(|guild| resources::roles(world, guild));
    let id = role.to_string();
    let role = found.iter().flat_map(|all| all.as_array()).flatten().find(|r| r["id"] == *id);
    role.cloned().ok_or_else(|| Refusal::new(404, 10011, "Unknown Role"))
}
