//! What a user's access token opens.

use super::{
    Application,
    answers::{Refusal, iso, rate_limited, respond},
    call::Call,
    faults::LimitScope,
    grants::Token,
    members,
    model::APPLICATION_NAME,
    permissions, resources,
    world::World,
};
use axum::{http::Method, response::Response};
use serde_json::{Value, json};
use std::time::Instant;

pub(super) fn handle(
    world: &mut World,
    application: &Application,
    call: &Call<'_>,
    access: &str,
) -> Response {
    let guild_list = call.segments == ["users", "@me", "guilds"];
    world.grants.guild_lists += u64::from(guild_list);
    let token = world.grants.find(access, world.now_ms()).cloned();
    let Some(token) = token else { return respond(Err(Refusal::unauthorized())) };
    if guild_list && let Some(wait) = world.limits.count_guild_list(access, Instant::now()) {
        return rate_limited(LimitScope::User, wait.as_secs_f64(), None);
    }
    respond(lookup(world, application, call, &token))
}

/// A scope that is missing looks like a token that is wrong.
fn lookup(
    world: &World,
    application: &Application,
    call: &Call<'_>,
    token: &Token,
) -> Result<Value, Refusal> {
    if *call.method != Method::GET {
        return Err(Refusal::unauthorized());
    }
    match call.segments.as_slice() {
        ["users", "@me"] if token.allows("identify") => Ok(members::user(world, token.user)),
        ["users", "@me", "guilds"] if token.allows("guilds") => guilds(world, call, token.user),
        ["users", "@me", "guilds", guild, "member"] if token.allows("guilds.members.read") => {
            let member =
                guild.parse().ok().and_then(|guild| members::member(world, guild, token.user));
            member.ok_or_else(|| Refusal::new(404, 10004, "Unknown Guild"))
        }
        ["oauth2", "@me"] => Ok(authorization(world, application, token)),
        _ => Err(Refusal::unauthorized()),
    }
}

fn guilds(world: &World, call: &Call<'_>, user: u64) -> Result<Value, Refusal> {
    let own = world.sorted_guilds().into_iter().filter(|(_, g)| g.members.contains_key(&user));
    let listed = own.map(|(id, guild)| resources::Listed {
        id,
        guild,
        owner: guild.owner == user,
        permissions: permissions::of_member(guild, user),
    });
    resources::page(listed.collect(), call.query)
}

fn authorization(world: &World, application: &Application, token: &Token) -> Value {
    let mut shown = json!({
        "application": {
            "id": application.client_id, "name": APPLICATION_NAME, "icon": null,
            "description": "", "bot_public": true, "bot_require_code_grant": false,
        },
        "scopes": token.scopes, "expires": iso(token.expires_ms),
    });
    if token.allows("identify") {
        shown["user"] = members::user(world, token.user);
    }
    shown
}
