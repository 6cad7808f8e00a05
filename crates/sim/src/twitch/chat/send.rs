//! `POST /chat/messages`, with everything for which a line is not said.
//!
//! Whether lines in channels that the account moderates count where it does not is disputed; here they do, which is
//! the worse for whoever sends.

use super::{Chat, events};
use crate::twitch::{
    Shared,
    http::{Refusal, answer, refuse},
    tokens::Bearer,
    world::World,
};
use axum::response::Response;
use serde_json::{Value, json};
use sm_types::TwitchUserId;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const WINDOW: Duration = Duration::from_secs(30);
const PER_WINDOW: usize = 20;
const PER_WINDOW_AS_MODERATOR: usize = 100;
const GAP: Duration = Duration::from_secs(1);
const MAX_CHARS: usize = 500;

/// What is to be said.
struct Request<'a> {
    broadcaster: &'a str,
    sender: &'a str,
    message: &'a str,
    parent: Option<&'a str>,
    for_source_only: Option<bool>,
}

pub(in crate::twitch) fn send(
    shared: &Arc<Shared>,
    bearer: &Bearer,
    body: &[u8],
) -> Result<Response, Refusal> {
    let body: Value =
        serde_json::from_slice(body).map_err(|_| refuse(400, "The body is not JSON"))?;
    let request = parse(&body)?;
    let dropped = {
        let mut world = shared.world();
        check_rights(&world, bearer, &request)?;
        check_form(&world, bearer, &request)?;
        let dropped = drop_code(&mut world.chat, &request, Instant::now());
        if let Some(code) = &dropped {
            *world.chat.dropped.entry(code.clone()).or_default() += 1;
        }
        dropped
    };
    if let Some(code) = dropped {
        let why = json!({ "code": code, "message": format!("Your message was dropped: {code}") });
        let data = json!([{ "message_id": "", "is_sent": false, "drop_reason": why }]);
        return Ok(answer(200, &json!({ "data": data })));
    }
    let by = if *bearer == Bearer::App { "app" } else { "user" };
    let said = events::Said {
        channel: &TwitchUserId::from(request.broadcaster),
        chatter: &TwitchUserId::from(request.sender),
        text: request.message,
        reply_to: request.parent,
        by,
    };
    let everywhere = !request.for_source_only.unwrap_or(*bearer == Bearer::App);
    let (id, told) = events::note(shared, &said, everywhere);
    let shared = shared.clone();
    tokio::spawn(async move { events::tell(&shared, told).await });
    let data = json!([{ "message_id": id, "is_sent": true, "drop_reason": null }]);
    Ok(answer(200, &json!({ "data": data })))
}

fn parse(body: &Value) -> Result<Request<'_>, Refusal> {
    let text = |key: &str| body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let needed = |key: &'static str| {
        text(key).ok_or_else(|| refuse(400, &format!("The \"{key}\" field is required")))
    };
    Ok(Request {
        broadcaster: needed("broadcaster_id")?,
        sender: needed("sender_id")?,
        message: needed("message")?,
        parent: text("reply_parent_message_id"),
        for_source_only: body.get("for_source_only").and_then(Value::as_bool),
    })
}

fn check_rights(world: &World, bearer: &Bearer, request: &Request<'_>) -> Result<(), Refusal> {
    let present = |id: &str| world.user(id).filter(|user| !user.removed);
    let broadcaster = present(request.broadcaster);
    let broadcaster = broadcaster.ok_or_else(|| refuse(400, "The broadcaster_id is not valid"))?;
    let sender = present(request.sender);
    let sender = sender.ok_or_else(|| refuse(400, "The sender_id is not valid"))?;
    let granted = |user: &crate::twitch::model::User, scope: &str| {
        user.scopes.iter().any(|known| known == scope)
    };
    match bearer {
        Bearer::App => {
            if !granted(sender, "user:write:chat") || !granted(sender, "user:bot") {
                return Err(refuse(401, "Missing scope: user:bot and user:write:chat"));
            }
            let let_in = granted(broadcaster, "channel:bot")
                || world.chat.is_moderator(request.broadcaster, request.sender);
            if !let_in {
                return Err(refuse(403, "The sender is not permitted to send chat messages here"));
            }
        }
        Bearer::User(own) => {
            if own.user != request.sender {
                return Err(refuse(401, "The sender_id must match the user of the token"));
            }
            if !own.has("user:write:chat") {
                return Err(refuse(401, "Missing scope: user:write:chat"));
            }
        }
    }
    if world.chat.is_banned(request.broadcaster, request.sender) {
        return Err(refuse(403, "The sender is banned from the broadcaster's chat room"));
    }
    Ok(())
}

fn check_form(world: &World, bearer: &Bearer, request: &Request<'_>) -> Result<(), Refusal> {
    if *bearer != Bearer::App && request.for_source_only.is_some() {
        return Err(refuse(400, "for_source_only can only be set with an app access token"));
    }
    if request.message.chars().count() > MAX_CHARS {
        return Err(refuse(422, "The message is too large"));
    }
    let is_there = |id: &str| {
        let of_here = |line: &&super::SeenLine| line.channel == request.broadcaster;
        world.chat.lines.iter().filter(of_here).any(|line| line.message_id == id)
    };
    match request.parent {
        Some(parent) if !is_there(parent) => {
            Err(refuse(400, "The reply_parent_message_id is not valid"))
        }
        _ => Ok(()),
    }
}

/// Why a line is not said, if it is not. Whatever is sent counts.
fn drop_code(chat: &mut Chat, request: &Request<'_>, now: Instant) -> Option<String> {
    let role = chat.role(request.broadcaster, request.sender);
    let sent = chat.sent.entry(request.sender.to_owned()).or_default();
    sent.retain(|at| now.duration_since(*at) < WINDOW);
    let limit = if role.moderates() { PER_WINDOW_AS_MODERATOR } else { PER_WINDOW };
    let is_over = sent.len() >= limit;
    sent.push(now);
    let room = chat.room(request.broadcaster);
    let said = room.said.entry(request.sender.to_owned()).or_default();
    said.retain(|(at, _)| now.duration_since(*at) < WINDOW.max(room.slow));
    let last = said.last().map(|(at, _)| now.duration_since(*at));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = words(request.message);
    let code = if !room.drops.is_empty() {
        Some(room.drops.remove(0))
    } else if room.timed_out.get(request.sender).is_some_and(|until| now < *until) {
        Some("user_timed_out".to_owned())
    } else if request.message.trim_start().starts_with(['/', '.']) {
        Some("msg_rejected".to_owned())
    } else if is_over {
        Some("msg_ratelimit".to_owned())
    } else if role.is_privileged() {
        None
    } else if last.is_some_and(|passed| passed < GAP) {
        Some("msg_ratelimit".to_owned())
    } else if last.is_some_and(|passed| passed < room.slow) {
        Some("msg_slowmode".to_owned())
    } else if said.iter().any(|(at, one)| *one == text && now.duration_since(*at) < WINDOW) {
        Some("msg_duplicate".to_owned())
    } else {
        None
    };
    if code.is_none() {
        room.said.entry(request.sender.to_owned()).or_default().push((now, text));
    }
    code
}
