//! `/helix` and `/oauth2`: one entrance, so that tokens and faults are checked in one place.

use super::{
    Shared, delivery,
    world::{User, World, game_id},
};
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

const MAX_TOTAL_COST: usize = 10_000;
const SAME_CONDITION_LIMIT: usize = 3;

type Query = Vec<(String, String)>;

pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let short = path.trim_start_matches("/helix/").trim_start_matches("/oauth2/").to_owned();
    let fault = {
        let mut world = shared.world();
        world.requests.push(format!("{method} {path}"));
        world.next_fault(&short)
    };
    if let Some(fault) = fault {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        if fault.status >= 400 {
            return refuse(fault.status, "a fault of the simulator");
        }
    }
    if path.starts_with("/oauth2/") {
        return oauth(&shared, &method, &short, &headers, &body);
    }
    if let Err(refusal) = authorized(&shared, &headers) {
        return refusal;
    }
    let query: Query = parse(uri.query().unwrap_or("").as_bytes());
    match (&method, short.as_str()) {
        (&Method::POST, "eventsub/subscriptions") => subscribe(&shared, &body).await,
        (&Method::GET, "eventsub/subscriptions") => list_subscriptions(&shared.world(), &query),
        (&Method::DELETE, "eventsub/subscriptions") => unsubscribe(&mut shared.world(), &query),
        (&Method::GET, resource) => read(&shared.world(), resource, &query),
        _ => refuse(404, "Not Found"),
    }
}

fn parse(form: &[u8]) -> Query {
    let text = String::from_utf8_lossy(form);
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (unescape(name), unescape(value))
    };
    text.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                let digits = std::str::from_utf8(&digits).unwrap_or("00");
                bytes.push(u8::from_str_radix(digits, 16).unwrap_or(b'?'));
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn get<'a>(query: &'a Query, name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        ("content-type", "application/json"),
        ("ratelimit-limit", "800"),
        ("ratelimit-remaining", "799"),
    ];
    (status, headers, body.to_string()).into_response()
}

fn refuse(status: u16, message: &str) -> Response {
    let error = StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason());
    answer(status, &json!({ "error": error, "status": status, "message": message }))
}

fn oauth(
    shared: &Shared,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    if (method, path) == (&Method::GET, "validate") {
        return match authorized(shared, headers) {
            Ok(()) => answer(
                200,
                &json!({ "client_id": shared.client_id, "scopes": null, "expires_in": 5_000_000 }),
            ),
            Err(_) => answer(401, &json!({ "status": 401, "message": "invalid access token" })),
        };
    }
    if (method, path) != (&Method::POST, "token") {
        return refuse(404, "Not Found");
    }
    let form = parse(body);
    if get(&form, "client_id") != Some(&shared.client_id) {
        return refuse(400, "invalid client");
    }
    if get(&form, "client_secret") != Some(&shared.client_secret) {
        return refuse(403, "invalid client secret");
    }
    if get(&form, "grant_type") != Some("client_credentials") {
        return refuse(400, "Invalid grant type");
    }
    let token = Uuid::new_v4().simple().to_string();
    shared.world().tokens.push(token.clone());
    answer(200, &json!({ "access_token": token, "expires_in": 5_011_271, "token_type": "bearer" }))
}

#[expect(clippy::result_large_err, reason = "the error is the answer itself")]
fn authorized(shared: &Shared, headers: &HeaderMap) -> Result<(), Response> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
    let header = text("authorization");
    let token = header.strip_prefix("Bearer ").or_else(|| header.strip_prefix("OAuth "));
    let world = shared.world();
    let valid =
        world.tokens.iter().skip(world.tokens_valid_from).any(|t| Some(t.as_str()) == token);
    if !valid {
        return Err(refuse(401, "Invalid OAuth token"));
    }
    let client = text("client-id");
    if header.starts_with("Bearer ") && client != shared.client_id {
        return Err(refuse(401, "Client ID and OAuth token do not match"));
    }
    Ok(())
}

fn read(world: &World, resource: &str, query: &Query) -> Response {
    let data: Vec<Value> = match resource {
        "users" => chosen(world, query, "id", Some("login")).map(user).collect(),
        "channels" => chosen(world, query, "broadcaster_id", None).map(channel).collect(),
        "streams" => {
            let first = get(query, "first").and_then(|n| n.parse().ok()).unwrap_or(20);
            let live = chosen(world, query, "user_id", Some("user_login")).filter_map(stream);
            live.filter(|_| !world.streams_hidden).take(first).collect()
        }
        "search/channels" => {
            let text = get(query, "query").unwrap_or("").to_lowercase();
            world.users.iter().filter(|u| u.login.starts_with(&text)).map(found).collect()
        }
        "videos" => chosen(world, query, "user_id", None).flat_map(videos).collect(),
        _ => return refuse(404, "Not Found"),
    };
    answer(200, &json!({ "data": data, "pagination": {} }))
}

fn chosen<'a>(
    world: &'a World,
    query: &'a Query,
    id: &'a str,
    login: Option<&'a str>,
) -> impl Iterator<Item = &'a User> {
    world.users.iter().filter(move |user| {
        query.iter().any(|(key, value)| {
            (key == id && *value == user.id)
                || (Some(key.as_str()) == login && *value == user.login)
        })
    })
}

fn user(user: &User) -> Value {
    json!({
        "id": user.id, "login": user.login, "display_name": user.name, "type": "",
        "broadcaster_type": "affiliate", "description": "", "offline_image_url": "",
        "profile_image_url": format!("https://static-cdn.jtvnw.net/jtv_user_pictures/{}.png", user.login),
        "created_at": "2020-01-01T00:00:00Z",
    })
}

fn channel(user: &User) -> Value {
    json!({
        "broadcaster_id": user.id, "broadcaster_login": user.login, "broadcaster_name": user.name,
        "broadcaster_language": "en", "game_id": game_id(&user.game), "game_name": user.game,
        "title": user.title, "delay": 0, "tags": [], "content_classification_labels": [],
        "is_branded_content": false,
    })
}

fn stream(user: &User) -> Option<Value> {
    let stream = user.stream.as_ref()?;
    Some(json!({
        "id": stream.id, "user_id": user.id, "user_login": user.login, "user_name": user.name,
        "game_id": game_id(&user.game), "game_name": user.game, "type": stream.kind,
        "title": user.title, "tags": ["English"], "viewer_count": user.viewers,
        "started_at": stream.started_at, "language": "en", "tag_ids": [], "is_mature": false,
        "thumbnail_url": "https://static-cdn.jtvnw.net/previews-ttv/live_user_x-{width}x{height}.jpg",
    }))
}

fn found(user: &User) -> Value {
    json!({
        "id": user.id, "broadcaster_login": user.login, "display_name": user.name,
        "broadcaster_language": "en", "game_id": game_id(&user.game), "game_name": user.game,
        "is_live": user.stream.is_some(), "tags": [], "tag_ids": [], "thumbnail_url": "",
        "title": user.title, "started_at": user.stream.as_ref().map_or("", |s| s.started_at.as_str()),
    })
}

fn videos(user: &User) -> Vec<Value> {
    let video = |stream: &String| {
        json!({
            "id": stream, "stream_id": stream, "user_id": user.id, "title": user.title, "type": "archive",
            "url": format!("https://www.twitch.tv/videos/{stream}"), "duration": "3h8m33s",
        })
    };
    user.recordings.iter().take(5).map(video).collect()
}

async fn subscribe(shared: &Arc<Shared>, body: &Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return refuse(400, "the body is not JSON");
    };
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    let (kind, version) = (text("/type"), text("/version"));
    let (callback, secret) = (text("/transport/callback"), text("/transport/secret"));
    if kind.is_empty() || version.is_empty() || text("/transport/method") != "webhook" {
        return refuse(400, "type, version and a webhook transport are needed");
    }
    if !(10..=100).contains(&secret.len()) || !secret.is_ascii() {
        return refuse(400, "the secret must have 10 to 100 ASCII characters");
    }
    // Twitch takes https on port 443 only; the simulator's subscribers are on this machine.
    if !callback.starts_with("http") {
        return refuse(400, "the callback must be an https address");
    }
    let condition = body.get("condition").cloned().unwrap_or_default();
    let id = {
        let mut world = shared.world();
        match refusal(&world, kind, &condition, callback) {
            Some(refusal) => return refusal,
            None => world.add_subscription(kind, version, condition, callback, secret),
        }
    };
    // As with Twitch, the challenge may arrive before this answer.
    tokio::spawn(delivery::challenge(shared.clone(), id.clone()));
    let world = shared.world();
    let created =
        world.subscriptions.iter().find(|s| s.id == id).map(super::world::Subscription::json);
    let total = world.subscriptions.len();
    answer(
        202,
        &json!({ "data": [created], "total": total, "total_cost": total, "max_total_cost": MAX_TOTAL_COST }),
    )
}

fn refusal(world: &World, kind: &str, condition: &Value, callback: &str) -> Option<Response> {
    let named =
        ["broadcaster_user_id", "user_id"].iter().find_map(|key| condition.get(key)?.as_str());
    if named.is_some_and(|id| world.user(id).is_none()) {
        return Some(refuse(400, "the user in the condition does not exist"));
    }
    let same = || {
        let alive =
            |status: &str| matches!(status, "enabled" | "webhook_callback_verification_pending");
        world
            .subscriptions
            .iter()
            .filter(move |s| s.kind == kind && s.condition == *condition && alive(&s.status))
    };
    if let Some(existing) = same().find(|s| s.callback == callback) {
        let message = "subscription already exists";
        let body =
            json!({ "error": "Conflict", "status": 409, "message": message, "id": existing.id });
        return Some(answer(409, &body));
    }
    let full = same().count() >= SAME_CONDITION_LIMIT;
    full.then(|| refuse(429, "maximum subscriptions with type and condition exceeded"))
}

fn list_subscriptions(world: &World, query: &Query) -> Response {
    const PAGE: usize = 100;
    let from: usize = get(query, "after").and_then(|c| c.parse().ok()).unwrap_or(0);
    let data: Vec<_> = world
        .subscriptions
        .iter()
        .skip(from)
        .take(PAGE)
        .map(super::world::Subscription::json)
        .collect();
    let more = from + data.len() < world.subscriptions.len();
    let pagination = if more { json!({ "cursor": (from + PAGE).to_string() }) } else { json!({}) };
    let total = world.subscriptions.len();
    answer(
        200,
        &json!({ "data": data, "total": total, "total_cost": total,
                 "max_total_cost": MAX_TOTAL_COST, "pagination": pagination }),
    )
}

fn unsubscribe(world: &mut World, query: &Query) -> Response {
    let Some(id) = get(query, "id") else {
        return refuse(400, "The id query parameter is required");
    };
    let before = world.subscriptions.len();
    world.subscriptions.retain(|s| s.id != id);
    if world.subscriptions.len() == before {
        return refuse(404, "subscription not found");
    }
    StatusCode::NO_CONTENT.into_response()
}
