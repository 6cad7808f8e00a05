//! `DELETE /moderation/chat` and `GET /channels/followers`.

use crate::twitch::{
    Shared,
    http::{Pairs, Refusal, answer, refuse},
    tokens::Bearer,
    world::World,
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DELETE_SCOPE: &str = "moderator:manage:chat_messages";
const FOLLOWERS_SCOPE: &str = "moderator:read:followers";

fn needed<'a>(query: &'a Pairs, name: &str) -> Result<&'a str, Refusal> {
    let given = query.get(name).filter(|value| !value.is_empty());
    given.ok_or_else(|| refuse(400, &format!("The \"{name}\" query parameter is required")))
}

/// Deletes one line. Without a line's id Twitch deletes all of them; here too.
pub(in crate::twitch) fn delete(
    shared: &Shared,
    bearer: &Bearer,
    query: &Pairs,
) -> Result<Response, Refusal> {
    let mut world = shared.world();
    let (channel, moderator) = (needed(query, "broadcaster_id")?, needed(query, "moderator_id")?);
    let Bearer::User(own) = bearer else {
        return Err(refuse(401, "The request needs a user access token"));
    };
    if own.user != moderator {
        return Err(refuse(401, "The moderator_id must match the user of the token"));
    }
    if !own.has(DELETE_SCOPE) {
        return Err(refuse(401, &format!("Missing scope: {DELETE_SCOPE}")));
    }
    if !world.chat.is_moderator(channel, moderator) {
        return Err(refuse(403, "The user is not a moderator of the channel"));
    }
    let Some(id) = query.get("message_id") else {
        world.chat.lines.retain(|line| line.channel != channel);
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let place = world.chat.lines.iter().position(|l| l.channel == channel && l.message_id == id);
    let at = place.ok_or_else(|| refuse(404, "The message was not found"))?;
    if world.chat.is_moderator(channel, &world.chat.lines[at].chatter) {
        return Err(refuse(400, "You cannot delete a moderator's messages"));
    }
    let line = world.chat.lines.remove(at);
    world.chat.deleted.push(line.message_id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// How many follow; who, only for a token that may know.
pub(in crate::twitch) fn followers(
    world: &World,
    bearer: &Bearer,
    query: &Pairs,
) -> Result<Response, Refusal> {
    let channel = needed(query, "broadcaster_id")?;
    let all = world.chat.followers.get(channel);
    let knows = match bearer {
        Bearer::User(own) => {
            own.has(FOLLOWERS_SCOPE) && world.chat.is_moderator(channel, &own.user)
        }
        Bearer::App => {
            world.user(channel).is_some_and(|user| user.scopes.iter().any(|s| s == FOLLOWERS_SCOPE))
        }
    };
    let wanted = query.get("user_id");
    let row = |(id, since): (&String, &String)| {
        let user = world.user(id);
        json!({ "user_id": id, "user_login": user.map(|user| &user.login),
                "user_name": user.map(|user| &user.name), "followed_at": since })
    };
    let listed = all.into_iter().flatten().filter(|(id, _)| wanted.is_none_or(|one| one == *id));
    let data: Vec<Value> = if knows { listed.map(row).collect() } else { Vec::new() };
    let total = all.map_or(0, BTreeMap::len);
    Ok(answer(200, &json!({ "total": total, "data": data, "pagination": {} })))
}
