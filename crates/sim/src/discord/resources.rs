//! Everything that is read and is not a message.

use super::{
    Shared,
    answers::Refusal,
    forms::Pairs,
    members,
    model::{Guild, is_thread},
    permissions,
    world::World,
};
use serde_json::{Value, json};

/// Most guilds on a page, and the number without a limit.
const MAX_GUILDS: usize = 200;

/// Answers a GET of a path.
pub(super) fn lookup(world: &World, segments: &[&str], query: &str) -> Result<Value, Refusal> {
    match segments {
        ["users", "@me"] => Ok(members::user(world, world.bot)),
        ["users", "@me", "guilds"] => own_guilds(world, query),
        ["users", "@me", "guilds", _, "member"] | ["oauth2", "@me"] => {
            Err(Refusal::new(403, 20001, "Bots cannot use this endpoint"))
        }
        ["channels", id] => {
            let id = id.parse().unwrap_or(0);
            visible(world, id)?;
            Ok(channel(world, id))
        }
        ["guilds", id, rest @ ..] => in_guild(world, id, rest, query),
        _ => Err(Refusal::new(404, 0, "404: Not Found")),
    }
}

/// The application, as its developer portal has it.
pub(super) fn application(shared: &Shared, world: &World) -> Value {
    let application = &shared.application;
    let mut answer = json!({
        "id": application.client_id, "name": "StreamMaxing", "icon": null, "description": "",
        "bot_public": true, "bot_require_code_grant": false, "flags": 0,
        "verify_key": shared.sender.public_key_hex(), "redirect_uris": application.redirect_uris(),
        "interactions_endpoint_url": world.interactions_url, "event_webhooks_status": 1,
    });
    if let Some(url) = &world.webhook_events_url {
        answer["event_webhooks_url"] = json!(url);
        answer["event_webhooks_status"] = json!(2);
        answer["event_webhooks_types"] = json!(world.webhook_events_types);
    }
    answer
}

fn in_guild(world: &World, id: &str, rest: &[&str], query: &str) -> Result<Value, Refusal> {
    let unknown = || Refusal::new(404, 10004, "Unknown Guild");
    let id: u64 = id.parse().map_err(|_| unknown())?;
    let found = world.guilds.get(&id).filter(|guild| guild.bot_present);
    let found = found.ok_or_else(|| match rest {
        [] => unknown(),
        _ => Refusal::new(403, 50001, "Missing Access"),
    })?;
    match rest {
        [] => {
            let with_counts = Pairs::parse(query).is_true("with_counts");
            guild(world, id, with_counts).ok_or_else(unknown)
        }
        ["roles"] => Ok(roles(world, found)),
        ["channels"] => {
            let listed = found.channels.iter().filter(|id| {
                let kind = world.channels.get(id).map_or(0, |channel| channel.kind);
                !is_thread(kind)
            });
            Ok(listed.map(|id| channel(world, *id)).collect())
        }
        ["members", member] => {
            let not_a_number = |_| {
                let message = format!("Value \"{member}\" is not snowflake.");
                Refusal::invalid("user_id", &message)
            };
            let member = members::member(world, id, member.parse().map_err(not_a_number)?);
            member.ok_or_else(|| Refusal::new(404, 10007, "Unknown Member"))
        }
        _ => Err(Refusal::new(404, 0, "404: Not Found")),
    }
}

/// A guild, whole.
pub(super) fn guild(world: &World, id: u64, with_counts: bool) -> Option<Value> {
    let guild = world.guilds.get(&id)?;
    let mut shown = json!({
        "id": id.to_string(), "name": guild.name, "owner_id": guild.owner.to_string(),
        "roles": roles(world, guild), "features": [], "icon": null, "preferred_locale": "en-US",
    });
    if with_counts {
        add_counts(&mut shown, guild);
    }
    Some(shown)
}

fn add_counts(shown: &mut Value, guild: &Guild) {
    let members = guild.members.len() + usize::from(guild.bot_present);
    shown["approximate_member_count"] = json!(members);
    shown["approximate_presence_count"] = json!(members.div_ceil(2));
}

fn own_guilds(world: &World, query: &str) -> Result<Value, Refusal> {
    let own = world.sorted_guilds().into_iter().filter(|(_, guild)| guild.bot_present);
    let listed = own.map(|(id, guild)| Listed {
        id,
        guild,
        owner: false,
        permissions: permissions::of_bot_in_guild(guild),
    });
    page(listed.collect(), query)
}

/// A guild in somebody's list.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    pub(super) id: u64,
    pub(super) guild: &'a Guild,
    pub(super) owner: bool,
    pub(super) permissions: u64,
}

/// The page of a list that `limit` and `after` ask for.
pub(super) fn page(listed: Vec<Listed<'_>>, query: &str) -> Result<Value, Refusal> {
    let query = Pairs::parse(query);
    let limit = match query.get("limit").map(str::parse) {
        None => MAX_GUILDS,
        Some(Ok(limit)) if (1..=MAX_GUILDS).contains(&limit) => limit,
        Some(_) => return Err(Refusal::invalid("limit", "int value should be between 1 and 200.")),
    };
    let after = query.number("after").unwrap_or(0);
    let with_counts = query.is_true("with_counts");
    let page = listed.into_iter().filter(|listed| listed.id > after).take(limit);
    Ok(page.map(|listed| listed.shown(with_counts)).collect())
}

impl Listed<'_> {
    fn shown(&self, with_counts: bool) -> Value {
        let mut shown = json!({
            "id": self.id.to_string(), "name": self.guild.name, "icon": null, "banner": null,
            "owner": self.owner, "permissions": self.permissions.to_string(), "features": [],
        });
        if with_counts {
            add_counts(&mut shown, self.guild);
        }
        shown
    }
}

fn roles(world: &World, guild: &Guild) -> Value {
    let shown = guild.roles.iter().enumerate().map(|(at, role)| {
        let of_bot = role.id == guild.bot_role;
        // The bot's role comes second in our list and stands above all others.
        let position = match at {
            0 => 0,
            _ if of_bot => guild.roles.len() - 1,
            _ => at - 1,
        };
        let mut shown = json!({
            "id": role.id.to_string(), "name": role.name, "permissions": role.permissions.to_string(),
            "position": position, "managed": role.managed, "mentionable": role.mentionable,
            "hoist": false,
            "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
        });
        if of_bot {
            shown["tags"] = json!({ "bot_id": world.bot.to_string() });
        } else if role.managed {
            shown["tags"] = json!({ "integration_id": guild.owner.to_string() });
        }
        shown
    });
    shown.collect()
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
        "type": channel.kind, "permission_overwrites": overwrites, "parent_id": channel.parent.map(|id| id.to_string()), "position": 0,
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
