//! Everything that is read and is not a message.

use super::{
    answers::Refusal,
    permissions,
    world::{Role, World},
};
use serde_json::{Value, json};

/// Answers a GET of a path.
pub(super) fn lookup(world: &World, segments: &[&str]) -> Result<Value, Refusal> {
    let user = |id: u64| json!({"id": id.to_string(), "username": "StreamMaxing", "bot": true});
    match segments {
        ["users", "@me"] => Ok(user(world.bot)),
        ["users", "@me", "guilds"] => Ok(own_guilds(world)),
        ["channels", id] => {
            let id = id.parse().unwrap_or(0);
            visible(world, id)?;
            Ok(channel(world, id))
        }
        ["guilds", id, rest @ ..] => {
            let unknown = || Refusal::new(404, 10004, "Unknown Guild");
            let id: u64 = id.parse().map_err(|_| unknown())?;
            let guild = world.guilds.get(&id).filter(|guild| guild.bot_present);
            let guild = guild.ok_or_else(|| match rest {
                [] => unknown(),
                _ => Refusal::new(403, 50001, "Missing Access"),
            })?;
            let roles = || -> Value { guild.roles.iter().map(role).collect() };
            match rest {
                [] => Ok(json!({
                    "id": id.to_string(), "name": guild.name, "owner_id": guild.owner.to_string(),
                    "roles": roles(), "features": [], "icon": null,
                })),
                ["roles"] => Ok(roles()),
                ["channels"] => Ok(guild.channels.iter().map(|id| channel(world, *id)).collect()),
                ["members", member] if *member == world.bot.to_string() => Ok(json!({
                    "user": user(world.bot), "roles": [guild.bot_role.to_string()], "nick": null,
                    "communication_disabled_until": null,
                })),
                ["members", _] => Err(Refusal::new(404, 10007, "Unknown Member")),
                _ => Err(Refusal::new(404, 0, "404: Not Found")),
            }
        }
        _ => Err(Refusal::new(404, 0, "404: Not Found")),
    }
}

fn own_guilds(world: &World) -> Value {
    let mut guilds: Vec<_> = world.guilds.iter().filter(|(_, guild)| guild.bot_present).collect();
    guilds.sort_by_key(|(id, _)| **id);
    let shown = guilds.into_iter().map(|(id, guild)| {
        json!({"id": id.to_string(), "name": guild.name, "icon": null, "owner": false,
               "permissions": world.bot_permissions(*id).to_string(), "features": []})
    });
    shown.collect()
}

fn role(role: &Role) -> Value {
    json!({
        "id": role.id.to_string(), "name": role.name, "permissions": role.permissions.to_string(),
        "position": 0, "managed": role.managed, "mentionable": role.mentionable, "hoist": false,
        "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
    })
}

fn channel(world: &World, id: u64) -> Value {
    let Some(channel) = world.channels.get(&id) else { return Value::Null };
    let overwrites: Vec<_> = channel
        .overwrites
        .iter()
        .map(|o| {
            json!({"id": o.id.to_string(), "type": u8::from(o.member),
                   "allow": o.allow.to_string(), "deny": o.deny.to_string()})
        })
        .collect();
    json!({
        "id": id.to_string(), "guild_id": channel.guild.to_string(), "name": channel.name,
        "type": channel.kind, "permission_overwrites": overwrites, "parent_id": null, "position": 0,
    })
}

/// Refuses what the bot cannot see.
pub(super) fn visible(world: &World, channel: u64) -> Result<(), Refusal> {
    if !world.channels.contains_key(&channel) {
        return Err(Refusal::new(404, 10003, "Unknown Channel"));
    }
    if permissions::of_bot(world, channel) & permissions::VIEW_CHANNEL == 0 {
        return Err(Refusal::new(403, 50001, "Missing Access"));
    }
    Ok(())
}
