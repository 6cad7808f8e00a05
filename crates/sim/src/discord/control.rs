//! The control API; see the module's head for its routes.

use super::{
    Shared,
    faults::Fault,
    interactions::{self, Doer},
    messages, permissions,
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{delete, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sm_types::{ChannelId, GuildId, MessageId, UserId};
use std::{collections::HashSet, sync::Arc};

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sim/discord/world", get(world))
        .route("/_sim/discord/messages", get(changed))
        .route("/_sim/discord/violations", get(violations))
        .route("/_sim/discord/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_sim/discord/users", post(add_user))
        .route("/_sim/discord/interactions", post(press))
        .route("/_sim/discord/guilds/{guild}/channels", post(add_channel))
        .route("/_sim/discord/channels/{channel}", delete(delete_channel))
        .route("/_sim/discord/guilds/{guild}/roles", post(add_role))
        .route("/_sim/discord/guilds/{guild}/roles/{role}", delete(delete_role))
        .route("/_sim/discord/guilds/{guild}/bot", post(add_bot).delete(remove_bot))
        .route(
            "/_sim/discord/guilds/{guild}/members/{user}",
            post(add_member).delete(remove_member),
        )
}

async fn world(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let world = shared.world();
    let channel = |id: &u64| {
        let channel = world.channels.get(id);
        json!({
            "id": id.to_string(), "name": channel.map(|c| c.name.as_str()),
            "can_post": permissions::of_bot(&world, *id) & permissions::SEND_MESSAGES != 0,
        })
    };
    let guilds = world.sorted_guilds().into_iter().map(|(id, guild)| {
        let channels: Vec<_> = guild.channels.iter().map(channel).collect();
        json!({"id": id.to_string(), "name": guild.name, "bot_present": guild.bot_present, "channels": channels,
               "owner_id": guild.owner.to_string(), "members": guild.members.keys().map(u64::to_string).collect::<Vec<_>>(),
               "roles": guild.roles.iter().map(|r| json!({"id": r.id.to_string(), "name": r.name, "can_go": !r.managed && r.id != id})).collect::<Vec<_>>()})
    });
    let users = world.users.iter().map(|(id, user)| {
        json!({"id": id.to_string(), "username": user.username, "global_name": user.global_name})
    });
    Json(json!({ "guilds": guilds.collect::<Vec<_>>(), "users": users.collect::<Vec<_>>() }))
}

#[derive(Deserialize)]
struct NewUser {
    username: String,
    global_name: Option<String>,
}

async fn add_user(State(shared): State<Arc<Shared>>, Json(new): Json<NewUser>) -> Json<Value> {
    let id = shared.world().add_user(&new.username, new.global_name.as_deref());
    Json(json!({ "id": id.to_string() }))
}

async fn add_member(
    State(shared): State<Arc<Shared>>,
    Path((guild, user)): Path<(u64, u64)>,
) -> StatusCode {
    found(shared.world().add_member(guild, user))
}

async fn remove_member(
    State(shared): State<Arc<Shared>>,
    Path((guild, user)): Path<(u64, u64)>,
) -> StatusCode {
    found(shared.world().remove_member(guild, user))
}

#[derive(Deserialize)]
struct Press {
    user: UserId,
    channel: ChannelId,
    message: MessageId,
    custom_id: String,
}

/// Presses a button under a message as a member; what they are told.
async fn press(State(shared): State<Arc<Shared>>, Json(press): Json<Press>) -> Json<Value> {
    let (guild, message) = {
        let world = shared.world();
        let guild = world.channels.get(&press.channel.0).map(|channel| GuildId(channel.guild));
        let message = world.message(press.channel.0, press.message.0);
        (guild, message.map(|message| messages::shown(&world, message)))
    };
    let doer = Doer { user: press.user, guild, channel: press.channel, locale: "en-US" };
    let data = json!({ "custom_id": press.custom_id, "component_type": 2 });
    let answered = interactions::interact(&shared, doer, 3, data, message).await;
    Json(json!({ "status": answered.status, "content": answered.content() }))
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    mentionable: bool,
}

async fn add_channel(
    State(shared): State<Arc<Shared>>,
    Path(guild): Path<u64>,
    Json(new): Json<Named>,
) -> Json<Value> {
    Json(json!({ "id": shared.world().add_channel(guild, &new.name, 0).to_string() }))
}

async fn delete_channel(State(shared): State<Arc<Shared>>, Path(channel): Path<u64>) -> StatusCode {
    found(shared.world().delete_channel(channel))
}

async fn add_role(
    State(shared): State<Arc<Shared>>,
    Path(guild): Path<u64>,
    Json(new): Json<Named>,
) -> Json<Value> {
    let id = shared.world().add_role(guild, &new.name, new.mentionable);
    Json(json!({ "id": id.to_string() }))
}

async fn delete_role(
    State(shared): State<Arc<Shared>>,
    Path((guild, role)): Path<(u64, u64)>,
) -> StatusCode {
    found(shared.world().delete_role(guild, role))
}

async fn add_bot(State(shared): State<Arc<Shared>>, Path(guild): Path<u64>) -> StatusCode {
    set_bot(&shared, guild, true)
}

async fn remove_bot(State(shared): State<Arc<Shared>>, Path(guild): Path<u64>) -> StatusCode {
    set_bot(&shared, guild, false)
}

fn set_bot(shared: &Shared, guild: u64, present: bool) -> StatusCode {
    let mut world = shared.world();
    world.set_bot_present(guild, present);
    found(world.guilds.contains_key(&guild))
}

fn found(found: bool) -> StatusCode {
    if found { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn changed(State(shared): State<Arc<Shared>>, Query(since): Query<Since>) -> Json<Value> {
    let world = shared.world();
    let missed = usize::try_from(world.cursor.saturating_sub(since.since)).unwrap_or(usize::MAX);
    let mut seen = HashSet::new();
    let mut messages: Vec<Value> = Vec::new();
    for (channel, id) in world.changes.iter().rev().take(missed) {
        if let Some(message) = world.message(*channel, *id).filter(|_| seen.insert(*id)) {
            let mut shown = messages::shown(&world, message);
            shown["deleted"] = json!(message.deleted);
            shown["edits"] = json!(message.edits);
            shown["created_ms"] = json!(message.created_ms);
            messages.push(shown);
        }
    }
    messages.reverse();
    let lost = missed > world.changes.len();
    Json(json!({ "cursor": world.cursor, "messages": messages, "lost": lost }))
}

async fn violations(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(shared.world().violations))
}

async fn faults(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(shared.world().faults))
}

async fn add_fault(State(shared): State<Arc<Shared>>, Json(fault): Json<Fault>) -> StatusCode {
    shared.world().faults.push(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.world().faults.clear();
    StatusCode::NO_CONTENT
}
