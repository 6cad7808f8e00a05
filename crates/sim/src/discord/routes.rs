//! `/api/v10`: one entrance, so that the checks which meet every request stand in one place.

use super::{
    Shared,
    faults::{Fault, FaultKind, LimitScope},
    limits::{Bucket, CHANNEL_LIMIT},
    messages, permissions,
    world::World,
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

/// A refusal as Discord words it.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    body: Value,
}

impl Refusal {
    pub(super) fn new(status: u16, code: u32, message: &str) -> Self {
        Self { status, body: json!({ "message": message, "code": code }) }
    }

    pub(super) fn invalid(field: &str, message: &str) -> Self {
        let errors = json!({ field: { "_errors": [{ "code": "INVALID", "message": message }] } });
        Self {
            status: 400,
            body: json!({ "message": "Invalid Form Body", "code": 50035, "errors": errors }),
        }
    }
}

/// What a request is about.
struct Call<'a> {
    method: &'a Method,
    segments: Vec<&'a str>,
    query: &'a str,
    body: &'a [u8],
}

impl Call<'_> {
    /// The channel, for requests about messages.
    fn message_channel(&self) -> Option<u64> {
        match self.segments.as_slice() {
            ["channels", channel, "messages", ..] => channel.parse().ok(),
            _ => None,
        }
    }
}

/// What a fault does after the request has been handled.
#[derive(Default)]
struct Aftermath {
    delay: Option<Duration>,
    instead: Option<Response>,
}

pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let (response, delay) = {
        let mut world = shared.world();
        let (response, aftermath) = answer(&shared, &mut world, &method, &uri, &headers, &body);
        let response = aftermath.instead.unwrap_or(response);
        world.seen(method.as_str(), &path, response.status().as_u16());
        (response, aftermath.delay)
    };
    if let Some(delay) = delay {
        tokio::time::sleep(delay).await;
    }
    response
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
    if let Some(wait) = world.limits.count(Instant::now()) {
        return (rate_limited(LimitScope::Global, wait.as_secs_f64(), None), none);
    }
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
    if !text(header::USER_AGENT).starts_with("DiscordBot (") {
        world.violations.push("a request without a User-Agent of Discord's form".to_owned());
        return (refuse(Refusal::new(403, 40333, "internal network error")), none);
    }
    let Some(path) = uri.path().strip_prefix("/api/v10/") else {
        world.violations.push(format!("{} has no API version", uri.path()));
        return (refuse(Refusal::new(404, 0, "404: Not Found")), none);
    };
    let fault_everywhere =
        world.faults.iter().position(|f| matches!(f.kind, FaultKind::Unauthorized));
    if fault_everywhere.map(|at| use_up(world, at)).is_some()
        || text(header::AUTHORIZATION).strip_prefix("Bot ") != Some(&shared.token)
    {
        return (refuse(Refusal::new(401, 0, "401: Unauthorized")), none);
    }
    let segments = path.split('/').collect();
    let call = Call { method, segments, query: uri.query().unwrap_or(""), body };
    match call.message_channel() {
        Some(channel) => about_messages(shared, world, &call, channel),
        None => (respond(lookup(world, &call), None), none),
    }
}

fn about_messages(
    shared: &Shared,
    world: &mut World,
    call: &Call<'_>,
    channel: u64,
) -> (Response, Aftermath) {
    let mut aftermath = Aftermath::default();
    let mut drop_embeds = false;
    match next_fault(world, channel).map(|fault| fault.kind) {
        None => {}
        Some(FaultKind::DropEmbeds) => drop_embeds = true,
        Some(FaultKind::Slow { ms }) => aftermath.delay = Some(Duration::from_millis(ms)),
        Some(FaultKind::LostAnswer) => aftermath.instead = Some(lost_answer()),
        Some(FaultKind::ServerError { status, stored: true }) => {
            aftermath.instead = Some(server_error(status));
        }
        Some(FaultKind::ServerError { status, stored: false }) => {
            return (server_error(status), aftermath);
        }
        Some(FaultKind::RateLimit { scope, retry_after, header }) => {
            return (rate_limited(scope, retry_after, header), aftermath);
        }
        Some(FaultKind::Cloudflare) => return (cloudflare(), aftermath),
        Some(FaultKind::Refuse { status, code }) => {
            return (refuse(Refusal::new(status, code, "refused by a fault")), aftermath);
        }
        Some(FaultKind::Unauthorized) => {
            return (refuse(Refusal::new(401, 0, "401: Unauthorized")), aftermath);
        }
    }
    let edit = *call.method == Method::PATCH;
    let bucket = match world.limits.count_in_channel(channel, edit, Instant::now()) {
        Ok(bucket) => bucket,
        Err(full) => {
            let mut response = rate_limited(LimitScope::User, full.reset_after.as_secs_f64(), None);
            add_bucket(&mut response, full);
            return (response, aftermath);
        }
    };
    let outcome = message_call(shared, world, call, channel, drop_embeds);
    (respond(outcome, Some(bucket)), aftermath)
}

fn next_fault(world: &mut World, channel: u64) -> Option<Fault> {
    let applies = |fault: &Fault| fault.channel.is_none_or(|id| id.0 == channel);
    let at = world.faults.iter().position(applies)?;
    Some(use_up(world, at))
}

fn use_up(world: &mut World, at: usize) -> Fault {
    let fault = world.faults[at].clone();
    world.faults[at].times = world.faults[at].times.saturating_sub(1);
    if world.faults[at].times == 0 {
        world.faults.remove(at);
    }
    fault
}

fn message_call(
    shared: &Shared,
    world: &mut World,
    call: &Call<'_>,
    channel: u64,
    drop_embeds: bool,
) -> Result<Value, Refusal> {
    visible(world, channel)?;
    let message = call.segments.get(3).and_then(|id| id.parse().ok());
    match (call.method, message) {
        (&Method::POST, None) => {
            let body = body(call)?;
            check(shared, world, "POST", "/channels/{channel_id}/messages", &body);
            messages::create(world, channel, &body, drop_embeds)
        }
        (&Method::GET, None) => Ok(recent(world, channel, call.query)),
        (&Method::PATCH, Some(message)) => {
            let body = body(call)?;
            let template = "/channels/{channel_id}/messages/{message_id}";
            check(shared, world, "PATCH", template, &body);
            messages::edit(world, channel, message, &body)
        }
        (&Method::DELETE, Some(message)) => {
            let gone = world.delete_message(channel, message);
            if gone { Ok(Value::Null) } else { Err(Refusal::new(404, 10008, "Unknown Message")) }
        }
        _ => Err(Refusal::new(405, 0, "405: Method Not Allowed")),
    }
}

fn body(call: &Call<'_>) -> Result<Value, Refusal> {
    let invalid = |_| Refusal::new(400, 50109, "The request body contains invalid JSON.");
    serde_json::from_slice(call.body).map_err(invalid)
}

/// Records what breaks Discord's document or our own rules.
fn check(shared: &Shared, world: &mut World, method: &str, template: &str, body: &Value) {
    world.violations.extend(messages::own_rules(body, method == "PATCH"));
    if let Some(contract) = &shared.contract {
        world.violations.extend(contract.violations(method, template, body));
    }
}

fn visible(world: &World, channel: u64) -> Result<(), Refusal> {
    if !world.channels.contains_key(&channel) {
        return Err(Refusal::new(404, 10003, "Unknown Channel"));
    }
    if permissions::of_bot(world, channel) & permissions::VIEW_CHANNEL == 0 {
        return Err(Refusal::new(403, 50001, "Missing Access"));
    }
    Ok(())
}

fn recent(world: &World, channel: u64, query: &str) -> Value {
    let limit = query.split('&').find_map(|pair| pair.strip_prefix("limit=")?.parse().ok());
    let all = world.messages(channel);
    all.iter().rev().take(limit.unwrap_or(50)).map(|m| messages::shown(world, m)).collect()
}

/// Everything that is read and is not a message.
fn lookup(world: &World, call: &Call<'_>) -> Result<Value, Refusal> {
    if *call.method != Method::GET {
        return Err(Refusal::new(405, 0, "405: Method Not Allowed"));
    }
    let user = |id: u64| json!({"id": id.to_string(), "username": "StreamMaxing", "bot": true});
    match call.segments.as_slice() {
        ["users", "@me"] => Ok(user(world.bot)),
        ["channels", id] => {
            let id = id.parse().unwrap_or(0);
            visible(world, id)?;
            Ok(channel(world, id))
        }
        ["guilds", id, rest @ ..] => {
            let unknown = || Refusal::new(404, 10004, "Unknown Guild");
            let id: u64 = id.parse().map_err(|_| unknown())?;
            let guild =
                world.guilds.get(&id).filter(|guild| guild.bot_present).ok_or_else(unknown)?;
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

fn role(role: &super::world::Role) -> Value {
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

fn respond(outcome: Result<Value, Refusal>, bucket: Option<Bucket>) -> Response {
    let mut response = match outcome {
        Ok(Value::Null) => StatusCode::NO_CONTENT.into_response(),
        Ok(body) => json_response(200, &body),
        Err(refusal) => refuse(refusal),
    };
    if let Some(bucket) = bucket {
        add_bucket(&mut response, bucket);
    }
    response
}

fn json_response(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn refuse(refusal: Refusal) -> Response {
    json_response(refusal.status, &refusal.body)
}

fn set(response: &mut Response, name: &'static str, value: String) {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}

fn add_bucket(response: &mut Response, bucket: Bucket) {
    set(response, "x-ratelimit-limit", CHANNEL_LIMIT.to_string());
    set(response, "x-ratelimit-remaining", bucket.remaining.to_string());
    set(response, "x-ratelimit-reset-after", format!("{:.3}", bucket.reset_after.as_secs_f64()));
    set(response, "x-ratelimit-bucket", "80c17d2f203122d936070c88c8d10f33".to_owned());
}

fn rate_limited(scope: LimitScope, retry_after: f64, header: Option<u64>) -> Response {
    let global = scope == LimitScope::Global;
    let body = json!({
        "message": "You are being rate limited.", "retry_after": retry_after, "global": global,
    });
    let mut response = json_response(429, &body);
    let seconds = header.unwrap_or(retry_after.ceil() as u64);
    set(&mut response, "retry-after", seconds.to_string());
    let scope = match scope {
        LimitScope::User => "user",
        LimitScope::Global => "global",
        LimitScope::Shared => "shared",
    };
    set(&mut response, "x-ratelimit-scope", scope.to_owned());
    if global {
        set(&mut response, "x-ratelimit-global", "true".to_owned());
    }
    response
}

fn cloudflare() -> Response {
    let page = "<html><body>error code: 1015</body></html>";
    (StatusCode::TOO_MANY_REQUESTS, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

fn server_error(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, "upstream connect error").into_response()
}

/// Headers, and then a connection that breaks.
fn lost_answer() -> Response {
    let broken = futures_util::stream::once(async {
        Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(broken).into_response()
}
