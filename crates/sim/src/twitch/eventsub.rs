//! EventSub subscriptions: making, listing, deleting, and the rules for that.

use super::{
    Shared, delivery,
    faults::Challenge,
    http::{Pairs, Refusal, answer, cut, refuse},
    model::{NewSubscription, Subscription},
    tokens::Bearer,
    world::World,
};
use axum::{
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// How many subscriptions of one type and condition there may be, for different callbacks.
const SAME_LIMIT: usize = 3;

/// By what a list may be filtered, one at a time.
const FILTERS: [&str; 5] = ["status", "type", "user_id", "subscription_id", "conduit_id"];

/// Types, their versions and the keys of their conditions.
const KINDS: &[(&str, &str, &[&str])] = &[
    ("stream.online", "1", &["broadcaster_user_id"]),
    ("stream.offline", "1", &["broadcaster_user_id"]),
    ("channel.update", "2", &["broadcaster_user_id"]),
    ("channel.raid", "1", &["to_broadcaster_user_id", "from_broadcaster_user_id"]),
    ("channel.follow", "2", &["broadcaster_user_id", "moderator_user_id"]),
    ("channel.subscribe", "1", &["broadcaster_user_id"]),
    ("channel.subscription.gift", "1", &["broadcaster_user_id"]),
    ("channel.cheer", "1", &["broadcaster_user_id"]),
    ("channel.chat.message", "1", &["broadcaster_user_id", "user_id"]),
    ("user.update", "1", &["user_id"]),
    ("user.authorization.grant", "1", &["client_id"]),
    ("user.authorization.revoke", "1", &["client_id"]),
];

/// What the broadcaster must have granted for a type.
const SCOPES: &[(&str, &str)] = &[
    ("channel.follow", "moderator:read:followers"),
    ("channel.subscribe", "channel:read:subscriptions"),
    ("channel.subscription.gift", "channel:read:subscriptions"),
    ("channel.cheer", "bits:read"),
];

/// The version of a type and the key of its condition; those of most types when it is unknown.
pub(super) fn shape(kind: &str) -> (&'static str, &'static str) {
    let found = KINDS.iter().find(|(name, ..)| *name == kind);
    found.map_or(("1", "broadcaster_user_id"), |(_, version, keys)| (version, keys[0]))
}

pub(super) async fn create(
    shared: &Arc<Shared>,
    bearer: &Bearer,
    body: &[u8],
) -> Result<Response, Refusal> {
    let body: Value =
        serde_json::from_slice(body).map_err(|_| refuse(400, "The body is not JSON"))?;
    if *bearer != Bearer::App {
        let message = "auth must use app access token to create webhook subscription";
        return Err(refuse(400, message));
    }
    let new = parse(&body)?;
    let created_at = shared.clock.now();
    let (id, created, challenge) = {
        let mut world = shared.world();
        check_condition(&world, &shared.client_id, &new)?;
        check_scope(&world, &new)?;
        check_others(&world, &new)?;
        let id = world.add_subscription(new, created_at);
        (id.clone(), with_totals(&world, &[world.subscription_json(&id)]), world.challenge)
    };
    match challenge {
        Challenge::Before => delivery::challenge(shared, &id).await,
        Challenge::After(delay) => {
            let shared = shared.clone();
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                delivery::challenge(&shared, &id).await;
            });
        }
        Challenge::Never => {}
    }
    Ok(answer(202, &created))
}

fn parse(body: &Value) -> Result<NewSubscription, Refusal> {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    let (kind, version) = (text("/type"), text("/version"));
    if kind.is_empty() || version.is_empty() {
        return Err(refuse(400, "type and version are required"));
    }
    if (kind, version) == ("channel.follow", "1") {
        return Err(refuse(410, "the version of this subscription type was removed"));
    }
    let known = KINDS.iter().find(|known| (known.0, known.1) == (kind, version));
    let (_, _, keys) = known.ok_or_else(|| refuse(400, "invalid subscription type and version"))?;
    if text("/transport/method") != "webhook" {
        return Err(refuse(400, "the simulator knows the transport `webhook` only"));
    }
    let secret = text("/transport/secret");
    if !(10..=100).contains(&secret.len()) || !secret.is_ascii() {
        return Err(refuse(400, "the secret must have 10 to 100 ASCII characters"));
    }
    let condition = body.get("condition").cloned().unwrap_or_default();
    let named = keys.iter().filter(|key| condition[**key].as_str().is_some_and(|v| !v.is_empty()));
    // Of raids one side is named, of all other types everything.
    let wanted = if kind == "channel.raid" { 1 } else { keys.len() };
    if named.count() != wanted {
        return Err(refuse(400, &format!("the condition must have {}", keys.join(", "))));
    }
    Ok(NewSubscription {
        kind: kind.to_owned(),
        version: version.to_owned(),
        condition,
        callback: callback(text("/transport/callback"))?,
        secret: secret.to_owned(),
    })
}

/// Twitch takes https on port 443 only; the simulator's subscribers are on this machine.
fn callback(text: &str) -> Result<String, Refusal> {
    let uri: Option<Uri> = text.parse().ok();
    let scheme = uri.as_ref().and_then(Uri::scheme_str);
    let host = uri.as_ref().and_then(Uri::host).is_some_and(|host| !host.is_empty());
    if matches!(scheme, Some("http" | "https")) && host {
        return Ok(text.to_owned());
    }
    Err(refuse(400, "the callback must be an https address"))
}

fn check_condition(world: &World, client: &str, new: &NewSubscription) -> Result<(), Refusal> {
    for (key, value) in new.condition.as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or("");
        if key == "client_id" && value != client {
            return Err(refuse(403, "the client in the condition is not the token's"));
        }
        let is_user = key.ends_with("user_id") && !value.is_empty();
        if is_user && !world.present().any(|user| user.id == value) {
            return Err(refuse(400, "the user in the condition does not exist"));
        }
    }
    Ok(())
}

/// A moderator's scope counts too; here broadcasters are the only moderators.
fn check_scope(world: &World, new: &NewSubscription) -> Result<(), Refusal> {
    if new.kind == "channel.chat.message" {
        return check_chat(world, &new.condition);
    }
    let Some((_, scope)) = SCOPES.iter().find(|(kind, _)| *kind == new.kind) else { return Ok(()) };
    let granted = |key: &str| {
        let user = new.condition[key].as_str().and_then(|id| world.user(id));
        user.is_some_and(|user| user.authorized && user.scopes.iter().any(|s| s == scope))
    };
    let key =
        if new.kind == "channel.follow" { "moderator_user_id" } else { "broadcaster_user_id" };
    if granted(key) {
        Ok(())
    } else {
        Err(refuse(403, "subscription missing proper authorization"))
    }
}

/// The bot lets us read and be it, the channel lets it in, or it moderates there; a banned one reads nothing.
fn check_chat(world: &World, condition: &Value) -> Result<(), Refusal> {
    let id = |key: &str| condition[key].as_str().unwrap_or_default();
    let (channel, reader) = (id("broadcaster_user_id"), id("user_id"));
    let has = |user: &str, scope: &str| {
        world.user(user).is_some_and(|user| user.scopes.iter().any(|s| s == scope))
    };
    let let_in = has(channel, "channel:bot") || world.chat.is_moderator(channel, reader);
    let may = has(reader, "user:read:chat") && has(reader, "user:bot") && let_in;
    if may && !world.chat.is_banned(channel, reader) {
        Ok(())
    } else {
        Err(refuse(403, "subscription missing proper authorization"))
    }
}

fn check_others(world: &World, new: &NewSubscription) -> Result<(), Refusal> {
    let same = || {
        let all = world.subscriptions.iter().filter(|s| s.is_alive());
        all.filter(|s| s.new.kind == new.kind && s.new.condition == new.condition)
    };
    if let Some(existing) = same().find(|s| s.new.callback == new.callback) {
        return Err(refuse(409, "subscription already exists").with_id(&existing.id));
    }
    if same().count() >= SAME_LIMIT {
        return Err(refuse(429, "maximum subscriptions with type and condition exceeded"));
    }
    if world.total_cost() + world.cost(&new.condition) > world.max_total_cost {
        return Err(refuse(429, "maximum total cost exceeded"));
    }
    Ok(())
}

fn with_totals(world: &World, data: &[Value]) -> Value {
    json!({ "data": data, "total": world.subscriptions.len(), "total_cost": world.total_cost(),
            "max_total_cost": world.max_total_cost })
}

pub(super) fn list(shared: &Shared, bearer: &Bearer, query: &Pairs) -> Result<Response, Refusal> {
    only_for_apps(bearer)?;
    let filters: Vec<(&str, &str)> =
        FILTERS.iter().filter_map(|name| Some((*name, query.get(name)?))).collect();
    if filters.len() > 1 {
        return Err(refuse(400, "the filters exclude each other"));
    }
    let world = shared.world();
    let fits = |s: &&Subscription| match filters.first() {
        Some(("status", status)) => s.status == *status,
        Some(("type", kind)) => s.new.kind == *kind,
        Some(("user_id", user)) => s.is_about(user),
        Some(("subscription_id", id)) => s.id == *id,
        // There are no conduits here.
        Some(_) => false,
        None => true,
    };
    let all = world.subscriptions.iter().filter(fits).collect();
    let (page, pagination) = cut(all, shared.subscriptions_per_page, query)?;
    let data: Vec<Value> = page.into_iter().map(Subscription::json).collect();
    let mut body = with_totals(&world, &data);
    body["pagination"] = pagination;
    Ok(answer(200, &body))
}

pub(super) fn delete(shared: &Shared, bearer: &Bearer, query: &Pairs) -> Result<Response, Refusal> {
    only_for_apps(bearer)?;
    let id = query.get("id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| refuse(400, "The id query parameter is required"))?;
    if !shared.world().remove_subscription(id) {
        return Err(refuse(404, "subscription not found"));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn only_for_apps(bearer: &Bearer) -> Result<(), Refusal> {
    match bearer {
        Bearer::App => Ok(()),
        Bearer::User(_) => Err(refuse(400, "webhook subscriptions need an app access token")),
    }
}
