//! Creating and editing messages, with the checks that Discord makes.

use super::{
    answers::{Refusal, iso},
    components, members,
    model::SimMessage,
    permissions::{
        self, EMBED_LINKS, MANAGE_MESSAGES, MENTION_EVERYONE, READ_MESSAGE_HISTORY, SEND_MESSAGES,
    },
    world::World,
};
use serde_json::{Value, json};
use std::time::Duration;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use twilight_model::channel::message::Embed;

const MAX_CONTENT: usize = 2000;
const MAX_NONCE: usize = 25;
const SUPPRESS_EMBEDS: u64 = 4;

/// Keys that a create may have, as far as the product should ever need them.
const CREATE_KEYS: &[&str] = &[
    "content",
    "embeds",
    "allowed_mentions",
    "nonce",
    "enforce_nonce",
    "flags",
    "components",
    "message_reference",
    "tts",
];
const EDIT_KEYS: &[&str] =
    &["content", "embeds", "allowed_mentions", "flags", "components", "attachments"];

/// Our own rules, beyond what Discord's document says; each breach is recorded.
pub(super) fn own_rules(body: &Value, edit: bool) -> Vec<String> {
    let mut broken = Vec::new();
    let Some(map) = body.as_object() else { return vec!["the body is not an object".to_owned()] };
    let known = if edit { EDIT_KEYS } else { CREATE_KEYS };
    for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
        broken.push(format!("unknown key `{key}`"));
    }
    match body.get("allowed_mentions").and_then(Value::as_object) {
        None => broken.push("no allowed_mentions: Discord's default pings everybody".to_owned()),
        Some(allowed) => {
            let listed = |key: &str| allowed.get(key).and_then(Value::as_array);
            for kind in ["users", "roles"] {
                let parsed =
                    listed("parse").is_some_and(|all| all.iter().any(|v| v.as_str() == Some(kind)));
                if parsed {
                    broken.push(format!("allowed_mentions parses {kind} instead of naming ids"));
                }
                if listed(kind).is_some_and(|ids| ids.len() > 100) {
                    broken.push(format!("allowed_mentions names more than 100 {kind}"));
                }
            }
        }
    }
    let content = body.get("content").and_then(Value::as_str).unwrap_or("");
    if content.chars().count() > MAX_CONTENT {
        broken.push("content is longer than 2,000 characters".to_owned());
    }
    if !edit && enforced_nonce(body).is_none() {
        broken.push("a create without an enforced nonce may be posted twice".to_owned());
    }
    broken
}

/// Posts a message, or returns the one that the nonce names.
pub(super) fn create(
    world: &mut World,
    channel: u64,
    body: &Value,
    drop_embeds: bool,
) -> Result<Value, Refusal> {
    if let Some(known) = known_nonce(world, body) {
        return known;
    }
    let granted = permissions::of_bot(world, channel);
    if granted & SEND_MESSAGES == 0 {
        return Err(Refusal::new(403, 50013, "Missing Permissions"));
    }
    if world.channels.get(&channel).is_some_and(|c| matches!(c.kind, 15 | 16)) {
        return Err(Refusal::new(400, 40058, "Cannot send a message in a forum channel"));
    }
    let parts = checked(body, granted)?;
    let id = world.snowflake();
    let pings = pings(world, channel, body, &parts.content, granted);
    let message = SimMessage {
        id: id.to_string(),
        channel_id: channel.to_string(),
        author_id: world.bot.to_string(),
        content: parts.content,
        embeds: if drop_embeds { Vec::new() } else { parts.embeds },
        components: parts.components,
        mention_roles: pings.roles,
        mentions: pings.users,
        mention_everyone: pings.everyone,
        nonce: nonce(body),
        edits: 0,
        edited_ms: None,
        created_ms: world.now_ms(),
        suppressed: false,
        deleted: false,
    };
    let answer = shown(world, &message);
    world.post(channel, message);
    if let Some(nonce) = enforced_nonce(body) {
        let now_ms = world.now_ms();
        world.nonces.insert(nonce, (now_ms, channel, id));
    }
    Ok(answer)
}

/// What somebody else writes; no permission is asked for, and nobody is pinged.
pub(super) fn say(
    world: &mut World,
    channel: u64,
    author: u64,
    content: &str,
    embeds: &[Value],
) -> u64 {
    let id = world.snowflake();
    let message = SimMessage {
        id: id.to_string(),
        channel_id: channel.to_string(),
        author_id: author.to_string(),
        content: content.to_owned(),
        embeds: embeds.to_vec(),
        components: Vec::new(),
        mention_roles: Vec::new(),
        mentions: Vec::new(),
        mention_everyone: false,
        nonce: None,
        edits: 0,
        edited_ms: None,
        created_ms: world.now_ms(),
        suppressed: false,
        deleted: false,
    };
    world.post(channel, message);
    id
}

/// Deletes a message: its own, or with the permission to manage messages any.
pub(super) fn delete(world: &mut World, channel: u64, message: u64) -> Result<Value, Refusal> {
    let may_manage = permissions::of_bot(world, channel) & MANAGE_MESSAGES != 0;
    let own = world.bot.to_string();
    let unknown = || Refusal::new(404, 10008, "Unknown Message");
    if world.message_mut(channel, message).ok_or_else(unknown)?.author_id != own && !may_manage {
        return Err(Refusal::new(403, 50013, "Missing Permissions"));
    }
    world.delete_message(channel, message);
    Ok(Value::Null)
}

/// The latest messages older than `before`, newest first; none without the permission to read the history.
///
/// Nonces are left out unless switched on: Discord promises them in answers to a create only.
pub(super) fn recent(world: &World, channel: u64, before: u64, limit: usize) -> Value {
    if permissions::of_bot(world, channel) & READ_MESSAGE_HISTORY == 0 {
        return Value::Array(Vec::new());
    }
    let older = |message: &&SimMessage| message.id.parse().is_ok_and(|id: u64| id < before);
    let show = |message: &SimMessage| {
        let mut shown = shown(world, message);
        if !world.lists_nonces {
            shown["nonce"] = Value::Null;
        }
        shown
    };
    world.messages(channel).iter().rev().filter(older).take(limit).map(show).collect()
}

/// Changes a message; nobody is pinged.
pub(super) fn edit(
    world: &mut World,
    channel: u64,
    message: u64,
    body: &Value,
) -> Result<Value, Refusal> {
    let granted = permissions::of_bot(world, channel);
    let unknown = || Refusal::new(404, 10008, "Unknown Message");
    let mut merged = body.clone();
    let own = world.bot.to_string();
    let found = world.message_mut(channel, message).ok_or_else(unknown)?;
    if found.author_id != own {
        let why = "Cannot edit a message authored by another user";
        return Err(Refusal::new(403, 50005, why));
    }
    if body.get("content").is_none() {
        merged["content"] = json!(found.content);
    }
    if body.get("embeds").is_none() {
        merged["embeds"] = json!(found.embeds);
    }
    if body.get("components").is_none() {
        merged["components"] = json!(found.components);
    }
    let parts = checked(&merged, granted | EMBED_LINKS)?;
    let now = world.now_ms();
    let found = world.message_mut(channel, message).ok_or_else(unknown)?;
    found.content = parts.content;
    found.components = parts.components;
    found.edited_ms = Some(now);
    // Without the permission, an edit that adds an embed is ignored.
    if granted & EMBED_LINKS != 0 {
        found.embeds = parts.embeds;
    }
    found.edits += 1;
    let found = found.clone();
    world.changed(channel, message);
    Ok(shown(world, &found))
}

/// A repeated nonce: the message that is there, from whichever channel, or that it is gone.
fn known_nonce(world: &World, body: &Value) -> Option<Result<Value, Refusal>> {
    let (at, channel, id) = world.nonces.get(&enforced_nonce(body)?)?;
    let age = Duration::from_millis(world.now_ms().saturating_sub(*at));
    if age >= world.nonce_memory {
        return None;
    }
    let message = world.message(*channel, *id).filter(|message| !message.deleted);
    Some(match message {
        Some(message) => Ok(shown(world, message)),
        None => Err(Refusal::new(404, 10008, "Unknown Message")),
    })
}

/// The nonce: a text or a number.
fn nonce(body: &Value) -> Option<String> {
    match body.get("nonce")? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn enforced_nonce(body: &Value) -> Option<String> {
    nonce(body).filter(|_| body.get("enforce_nonce") == Some(&Value::Bool(true)))
}

struct Parts {
    content: String,
    embeds: Vec<Value>,
    components: Vec<Value>,
}

fn checked(body: &Value, granted: u64) -> Result<Parts, Refusal> {
    let content = body.get("content").and_then(Value::as_str).unwrap_or("").trim().to_owned();
    let sent: Vec<Value> =
        body.get("embeds").and_then(Value::as_array).cloned().unwrap_or_default();
    if content.chars().count() > MAX_CONTENT {
        return Err(Refusal::invalid("content", "Must be 2000 or fewer in length."));
    }
    if nonce(body).is_some_and(|nonce| nonce.chars().count() > MAX_NONCE) {
        return Err(Refusal::invalid("nonce", "Must be 25 or fewer in length."));
    }
    check_embeds(&sent)?;
    check_mentions(body)?;
    components::check(body)?;
    let components = body["components"].as_array().cloned().unwrap_or_default();
    if content.is_empty() && sent.is_empty() {
        return Err(Refusal::new(400, 50006, "Cannot send an empty message"));
    }
    let may_embed = granted & EMBED_LINKS != 0;
    if content.is_empty() && !may_embed {
        return Err(Refusal::new(403, 50013, "Missing Permissions"));
    }
    Ok(Parts { content, embeds: if may_embed { sent } else { Vec::new() }, components })
}

fn check_embeds(embeds: &[Value]) -> Result<(), Refusal> {
    let mut parsed = Vec::new();
    for embed in embeds {
        let Value::Object(mut embed) = embed.clone() else {
            return Err(Refusal::invalid("embeds", "Only dictionaries may be used."));
        };
        embed.insert("type".to_owned(), json!("rich"));
        // twilight reads times with an offset only; Discord takes any ISO 8601.
        let time = embed.remove("timestamp");
        let time = time.as_ref().map(|time| time.as_str().unwrap_or(""));
        if time.is_some_and(|time| OffsetDateTime::parse(time, &Rfc3339).is_err()) {
            return Err(Refusal::invalid("embeds", "Not a valid ISO8601 timestamp."));
        }
        let embed: Embed = serde_json::from_value(Value::Object(embed))
            .map_err(|error| Refusal::invalid("embeds", &error.to_string()))?;
        let urls = [&embed.url, &embed.image.as_ref().map(|image| image.url.clone())];
        if urls.into_iter().flatten().any(|url| !url.starts_with("http")) {
            return Err(Refusal::invalid("embeds", "Scheme must be one of ('http', 'https')."));
        }
        parsed.push(embed);
    }
    twilight_validate::message::embeds(&parsed)
        .map_err(|error| Refusal::invalid("embeds", &error.to_string()))
}

fn check_mentions(body: &Value) -> Result<(), Refusal> {
    let allowed = body.get("allowed_mentions");
    let list = |key: &str| allowed.and_then(|a| a.get(key)).and_then(Value::as_array);
    for kind in ["users", "roles"] {
        let parsed = list("parse").is_some_and(|all| all.iter().any(|v| v.as_str() == Some(kind)));
        if parsed && list(kind).is_some_and(|ids| !ids.is_empty()) {
            let why = "parse and ids of the same kind are mutually exclusive";
            return Err(Refusal::invalid("allowed_mentions", why));
        }
    }
    Ok(())
}

struct Pings {
    roles: Vec<String>,
    users: Vec<String>,
    everyone: bool,
}

/// Who is really pinged: in the text, allowed, and permitted.
fn pings(world: &World, channel: u64, body: &Value, content: &str, granted: u64) -> Pings {
    let allowed = body.get("allowed_mentions");
    let parses = |kind: &str| {
        let parse = allowed.map(|a| a.get("parse").and_then(Value::as_array));
        // Absent altogether: everything is parsed.
        parse.is_none_or(|p| p.is_some_and(|all| all.iter().any(|v| v.as_str() == Some(kind))))
    };
    let named = |kind: &str, id: &str| {
        let ids = allowed.and_then(|a| a.get(kind)).and_then(Value::as_array);
        parses(kind) || ids.is_some_and(|ids| ids.iter().any(|v| v.as_str() == Some(id)))
    };
    let everyone_bit = granted & MENTION_EVERYONE != 0;
    let guild = world.channels.get(&channel).and_then(|c| world.guilds.get(&c.guild));
    let mentionable = |id: &str| {
        let role = guild.and_then(|g| g.roles.iter().find(|role| role.id.to_string() == id));
        role.is_some_and(|role| role.mentionable || everyone_bit)
    };
    let roles = tags(content, "<@&").filter(|id| named("roles", id) && mentionable(id));
    let users = tags(content, "<@").filter(|id| named("users", id));
    let text = content.contains("@everyone") || content.contains("@here");
    Pings {
        roles: roles.map(str::to_owned).collect(),
        users: users.map(str::to_owned).collect(),
        everyone: text && parses("everyone") && everyone_bit,
    }
}

/// The ids between a tag's beginning and `>`.
fn tags<'a>(content: &'a str, begin: &'a str) -> impl Iterator<Item = &'a str> {
    content.match_indices(begin).filter_map(move |(at, _)| {
        let rest = &content[at + begin.len()..];
        let id = &rest[..rest.find('>')?];
        (!id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())).then_some(id)
    })
}

/// A message as Discord answers it.
pub(super) fn shown(world: &World, message: &SimMessage) -> Value {
    let embeds: &[Value] = if message.suppressed { &[] } else { &message.embeds };
    let flags = if message.suppressed { SUPPRESS_EMBEDS } else { 0 };
    json!({
        "id": message.id, "channel_id": message.channel_id, "type": 0, "content": message.content,
        "embeds": embeds, "mention_roles": message.mention_roles,
        "mentions": message.mentions.iter().map(|id| json!({"id": id})).collect::<Vec<_>>(),
        "mention_everyone": message.mention_everyone, "nonce": message.nonce, "pinned": false, "tts": false,
        "attachments": [], "components": message.components, "flags": flags, "timestamp": iso(message.created_ms),
        "edited_timestamp": message.edited_ms.map(iso), "author": members::user(world, message.author_id.parse().unwrap_or(0)),
    })
}
