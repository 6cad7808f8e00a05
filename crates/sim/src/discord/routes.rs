//! `/api/v10`: one entrance, so that the checks which meet every request stand in one place.

use super::{
    Shared,
    answers::{Refusal, add_bucket, rate_limited, refusal_of, refuse, respond, server_error},
    authorize, bearer,
    call::Call,
    events::{self, Edit},
    faults::{FaultKind, LimitScope},
    forms::Pairs,
    interactions,
    limits::Route,
    messages, resources, token,
    world::World,
};
use crate::unkind::{self, Unkind};
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// What is answered at all, by method and path behind `/api/v10/`.
pub const ROUTES: &[&str] = &[
    "POST channels/*/messages",
    "GET channels/*/messages",
    "GET channels/*/messages/*",
    "PATCH channels/*/messages/*",
    "DELETE channels/*/messages/*",
    "GET channels/*",
    "GET guilds/*",
    "GET guilds/*/channels",
    "GET guilds/*/roles",
    "GET guilds/*/members/*",
    "GET users/@me",
    "GET users/@me/guilds",
    "GET users/@me/guilds/*/member",
    "DELETE users/@me/guilds/*",
    "GET applications/@me",
    "PATCH applications/@me",
    "GET applications/*/commands",
    "PUT applications/*/commands",
    "GET webhooks/*/*/messages/@original",
    "PATCH webhooks/*/*/messages/@original",
    "DELETE webhooks/*/*/messages/@original",
    "GET oauth2/@me",
    "POST oauth2/token",
    "POST oauth2/token/revoke",
    AUTHORIZE,
];

/// The only one that stands behind no version.
const AUTHORIZE: &str = "GET oauth2/authorize";

/// What happens after the request has been handled.
#[derive(Default)]
struct Aftermath {
    delay: Option<Duration>,
    unkind: Option<Unkind>,
    /// Whose tokens were revoked.
    deauthorized: Option<u64>,
    /// Where webhook events or interactions are to go; tried before it is answered.
    register: Option<Edit>,
}

/// `/oauth2/authorize`, which faults meet as they meet the API.
pub(super) async fn consent(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    let fault = {
        let faults = &mut shared.world().faults;
        unkind::next(faults, "GET", AUTHORIZE.trim_start_matches("GET "))
    };
    let refused = fault.as_ref().and_then(refusal_of);
    let answer = match refused {
        Some(refusal) => refusal,
        None => authorize::handle(&shared, &uri),
    };
    match fault {
        Some(FaultKind::Any(unkind)) => unkind.spoil(answer).await,
        _ => answer,
    }
}

pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let (response, aftermath) = {
        let mut world = shared.world();
        let (response, aftermath) = answer(&shared, &mut world, &method, &uri, &headers, &body);
        let unkind = aftermath.unkind.as_ref().and_then(|unkind| unkind.status);
        let status = unkind.unwrap_or(response.status().as_u16());
        world.seen(method.as_str(), &path, status);
        (response, aftermath)
    };
    let response = match aftermath.register {
        Some(to) => respond(events::register(&shared, to).await),
        None => response,
    };
    if let Some(user) = aftermath.deauthorized {
        // Beside the answer, as Discord does: whoever waits for that may be the one to be told.
        tokio::spawn(async move { events::deauthorized(&shared, user).await });
    }
    if let Some(delay) = aftermath.delay {
        tokio::time::sleep(delay).await;
    }
    match aftermath.unkind {
        Some(unkind) => unkind.spoil(response).await,
        None => response,
    }
}

fn answer(
    shared: &Shared,
    world: &mut World,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> (Response, Aftermath) {
    let none = Aftermath::default();
    if world.down {
        return (server_error(503), none);
    }
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
    let path = uri.path().strip_prefix("/api/v10/");
    let segments: Vec<_> = path.unwrap_or("").split('/').collect();
    let bearer = text(header::AUTHORIZATION).strip_prefix("Bearer ");
    let by_interaction = matches!(*segments, ["webhooks", ..]);
    let about_tokens = matches!(*segments, ["oauth2", "token"] | ["oauth2", "token", "revoke"]);
    // The limit is the bot's.
    if bearer.is_none()
        && !about_tokens
        && !by_interaction
        && let Some(wait) = world.limits.count(Instant::now())
    {
        return (rate_limited(LimitScope::Global, wait.as_secs_f64(), None), none);
    }
    if !text(header::USER_AGENT).starts_with("DiscordBot (") {
        world.violations.push("a request without a User-Agent of Discord's form".to_owned());
        return (refuse(Refusal::new(403, 40333, "internal network error")), none);
    }
    if path.is_none() {
        world.violations.push(format!("{} has no API version", uri.path()));
        return (refuse(Refusal::new(404, 0, "404: Not Found")), none);
    }
    let call = Call { method, segments, query: uri.query().unwrap_or(""), headers, body };
    let short = path.unwrap_or("");
    let can = |kind: &FaultKind| is_about(kind, body);
    let fault = unkind::next_where(&mut world.faults, method.as_str(), short, can);
    let refused = fault.as_ref().and_then(refusal_of);
    let drop_embeds = matches!(fault, Some(FaultKind::DropEmbeds));
    let unkind = match fault {
        Some(FaultKind::Any(unkind)) => Some(unkind),
        _ => None,
    };
    let mut aftermath = Aftermath { unkind, ..none };
    if let Some(refusal) = refused {
        return (refusal, aftermath);
    }
    if !ROUTES.iter().any(|route| unkind::is_of(route, method.as_str(), short)) {
        return (refuse(Refusal::new(405, 0, "405: Method Not Allowed")), aftermath);
    }
    let response = match bearer {
        _ if about_tokens => match token::handle(world, &shared.application, &call) {
            Ok(done) => {
                aftermath.deauthorized = done.deauthorized;
                aftermath.delay = world.grants.delay;
                respond(Ok(done.answer))
            }
            Err(refusal) => refuse(refusal),
        },
        _ if by_interaction => respond(interactions::follow_up(shared, world, &call)),
        Some(access) => bearer::handle(world, &shared.application, &call, access),
        None => {
            let is_known = text(header::AUTHORIZATION).strip_prefix("Bot ") == Some(&shared.token);
            if !is_known {
                refuse(Refusal::unauthorized())
            } else if *call.method == Method::PATCH && call.segments == ["applications", "@me"] {
                match edit_application(shared, world, &call) {
                    Ok(register) => aftermath.register = Some(register),
                    Err(refusal) => return (refuse(refusal), aftermath),
                }
                StatusCode::OK.into_response()
            } else {
                with_bot_token(shared, world, &call, drop_embeds)
            }
        }
    };
    (response, aftermath)
}

fn edit_application(shared: &Shared, world: &mut World, call: &Call<'_>) -> Result<Edit, Refusal> {
    let body = body(call)?;
    if let Some(contract) = &shared.contract {
        world.violations.extend(contract.violations("PATCH", "/applications/@me", &body));
    }
    Edit::parse(&body)
}

/// Whether a body has what a fault is about.
fn is_about(kind: &FaultKind, body: &[u8]) -> bool {
    let FaultKind::RefusePart { path } = kind else { return true };
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body.pointer(&format!("/{}", path.replace('.', "/"))).is_some_and(|part| !part.is_null())
}

fn with_bot_token(
    shared: &Shared,
    world: &mut World,
    call: &Call<'_>,
    drop_embeds: bool,
) -> Response {
    if let Some(channel) = call.message_channel() {
        return about_messages(shared, world, call, channel, drop_embeds);
    }
    respond(match (call.method, call.segments.as_slice()) {
        (&Method::GET, ["applications", "@me"]) => Ok(resources::application(shared, world)),
        (&Method::GET, ["applications", _, "commands"]) => Ok(Value::Array(world.commands.clone())),
        (&Method::PUT, ["applications", _, "commands"]) => {
            interactions::overwrite(shared, world, call)
        }
        (&Method::GET, segments) => resources::lookup(world, segments, call.query),
        (&Method::DELETE, ["users", "@me", "guilds", guild]) => leave(world, guild),
        _ => Err(Refusal::new(405, 0, "405: Method Not Allowed")),
    })
}

fn leave(world: &mut World, guild: &str) -> Result<Value, Refusal> {
    let id = guild.parse().unwrap_or(0);
    if !world.guilds.get(&id).is_some_and(|guild| guild.bot_present) {
        return Err(Refusal::new(404, 10004, "Unknown Guild"));
    }
    world.set_bot_present(id, false);
    Ok(Value::Null)
}

fn about_messages(
    shared: &Shared,
    world: &mut World,
    call: &Call<'_>,
    channel: u64,
    drop_embeds: bool,
) -> Response {
    let route = match *call.method {
        Method::PATCH => Route::Edit,
        Method::DELETE => Route::Delete,
        Method::POST => Route::Create,
        _ => Route::Read,
    };
    let now_ms = world.now_ms();
    let bucket = match world.limits.count_in_channel(channel, route, Instant::now()) {
        Ok(bucket) => bucket,
        Err(full) => {
            let mut response = rate_limited(LimitScope::User, full.reset_after.as_secs_f64(), None);
            add_bucket(&mut response, full, now_ms);
            return response;
        }
    };
    let outcome = message_call(shared, world, call, channel, drop_embeds);
    if let Err(refusal) = outcome.as_ref()
        && refusal.status == 400
    {
        world.violations.push(format!("{} {:?}: {}", call.method, call.segments, refusal.body));
    }
    let mut response = respond(outcome);
    add_bucket(&mut response, bucket, now_ms);
    response
}

fn message_call(
    shared: &Shared,
    world: &mut World,
    call: &Call<'_>,
    channel: u64,
    drop_embeds: bool,
) -> Result<Value, Refusal> {
    resources::visible(world, channel)?;
    let message = call.segments.get(3).and_then(|id| id.parse().ok());
    match (call.method, message) {
        (&Method::POST, None) => {
            let body = body(call)?;
            check(shared, world, "POST", "/channels/{channel_id}/messages", &body);
            messages::create(world, channel, &body, drop_embeds)
        }
        (&Method::GET, None) => {
            let query = Pairs::parse(call.query);
            let limit = query.number("limit").unwrap_or(50).clamp(1, 100);
            let before = query.number("before").unwrap_or(u64::MAX);
            Ok(messages::recent(world, channel, before, usize::try_from(limit).unwrap_or(100)))
        }
        (&Method::GET, Some(message)) => {
            let found = world.message(channel, message).filter(|message| !message.deleted);
            let found = found.ok_or_else(|| Refusal::new(404, 10008, "Unknown Message"))?;
            Ok(messages::shown(world, found))
        }
        (&Method::PATCH, Some(message)) => {
            let body = body(call)?;
            let template = "/channels/{channel_id}/messages/{message_id}";
            check(shared, world, "PATCH", template, &body);
            messages::edit(world, channel, message, &body)
        }
        (&Method::DELETE, Some(message)) => messages::delete(world, channel, message),
        _ => Err(Refusal::new(405, 0, "405: Method Not Allowed")),
    }
}

fn body(call: &Call<'_>) -> Result<Value, Refusal> {
    let invalid = |_| Refusal::new(400, 50109, "The request body contains invalid JSON.");
    let body: Value = serde_json::from_slice(call.body).map_err(invalid)?;
    if body.is_object() {
        Ok(body)
    } else {
        Err(Refusal::invalid("_root", "Only dictionaries may be used in a DictType"))
    }
}

/// Records what breaks Discord's document or our own rules.
fn check(shared: &Shared, world: &mut World, method: &str, template: &str, body: &Value) {
    world.violations.extend(messages::own_rules(body, method == "PATCH"));
    if let Some(contract) = &shared.contract {
        world.violations.extend(contract.violations(method, template, body));
    }
}
