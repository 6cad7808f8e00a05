//! `/api/v10`: one entrance, so that the checks which meet every request stand in one place.

use super::{
    Shared,
    answers::{
        Refusal, add_bucket, cloudflare, lost_answer, rate_limited, refuse, respond, server_error,
    },
    bearer, events,
    faults::{Fault, FaultKind, LimitScope},
    limits::Route,
    messages,
    permissions::{self, READ_MESSAGE_HISTORY},
    resources, token,
    world::{SimMessage, World},
};
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Uri, header},
    response::Response,
};
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// What a request is about.
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) segments: Vec<&'a str>,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
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

/// What happens after the request has been handled.
#[derive(Default)]
struct Aftermath {
    delay: Option<Duration>,
    instead: Option<Response>,
    /// Whose tokens were revoked.
    deauthorized: Option<u64>,
}

pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let (response, delay, deauthorized) = {
        let mut world = shared.world();
        let (response, aftermath) = answer(&shared, &mut world, &method, &uri, &headers, &body);
        let response = aftermath.instead.unwrap_or(response);
        world.seen(method.as_str(), &path, response.status().as_u16());
        (response, aftermath.delay, aftermath.deauthorized)
    };
    if let Some(user) = deauthorized {
        // Beside the answer, as Discord does: whoever waits for that may be the one to be told.
        tokio::spawn(async move { events::deauthorized(&shared, user).await });
    }
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
    if world.down {
        return (server_error(503), none);
    }
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
    let path = uri.path().strip_prefix("/api/v10/");
    let segments: Vec<_> = path.unwrap_or("").split('/').collect();
    let bearer = text(header::AUTHORIZATION).strip_prefix("Bearer ");
    let about_tokens = matches!(*segments, ["oauth2", "token"] | ["oauth2", "token", "revoke"]);
    // The limit is the bot's.
    if bearer.is_none()
        && !about_tokens
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
    match bearer {
        _ if about_tokens => match token::handle(world, &shared.application, &call) {
            Ok(done) => {
                (respond(Ok(done.answer)), Aftermath { deauthorized: done.deauthorized, ..none })
            }
            Err(refusal) => (refuse(refusal), none),
        },
        Some(access) => (bearer::handle(world, &shared.application, &call, access), none),
        None => of_bot(shared, world, &call, text(header::AUTHORIZATION)),
    }
}

/// A request with the bot's token, or with none.
fn of_bot(
    shared: &Shared,
    world: &mut World,
    call: &Call<'_>,
    authorization: &str,
) -> (Response, Aftermath) {
    let fault_everywhere =
        world.faults.iter().position(|f| matches!(f.kind, FaultKind::Unauthorized));
    if fault_everywhere.map(|at| use_up(world, at)).is_some()
        || authorization.strip_prefix("Bot ") != Some(&shared.token)
    {
        return (refuse(Refusal::unauthorized()), Aftermath::default());
    }
    if let Some(channel) = call.message_channel() {
        return about_messages(shared, world, call, channel);
    }
    let outcome = match (call.method, call.segments.as_slice()) {
        (&Method::GET, ["applications", "@me"]) => Ok(resources::application(shared, world)),
        (&Method::GET, segments) => resources::lookup(world, segments, call.query),
        (&Method::DELETE, ["users", "@me", "guilds", guild]) => leave(world, guild),
        _ => Err(Refusal::new(405, 0, "405: Method Not Allowed")),
    };
    (respond(outcome), Aftermath::default())
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
            return (refuse(Refusal::unauthorized()), aftermath);
        }
    }
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
            return (response, aftermath);
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
    (response, aftermath)
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
    resources::visible(world, channel)?;
    let message = call.segments.get(3).and_then(|id| id.parse().ok());
    match (call.method, message) {
        (&Method::POST, None) => {
            let body = body(call)?;
            check(shared, world, "POST", "/channels/{channel_id}/messages", &body);
            messages::create(world, channel, &body, drop_embeds)
        }
        (&Method::GET, None) => Ok(recent(world, channel, call.query)),
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
        (&Method::DELETE, Some(message)) => {
            let gone = world.delete_message(channel, message);
            if gone { Ok(Value::Null) } else { Err(Refusal::new(404, 10008, "Unknown Message")) }
        }
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

/// The latest messages, or the latest older than `before`; newest first.
///
/// Without Read Message History none are shown, as Discord documents it. Nonces are left out unless
/// switched on: Discord promises them in answers to a create only.
fn recent(world: &World, channel: u64, query: &str) -> Value {
    if permissions::of_bot(world, channel) & READ_MESSAGE_HISTORY == 0 {
        return Value::Array(Vec::new());
    }
    let value =
        |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.parse::<u64>().ok());
    let limit = value("limit=").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(50);
    let before = value("before=").unwrap_or(u64::MAX);
    let all = world.messages(channel);
    let id = |message: &SimMessage| message.id.parse::<u64>().unwrap_or(0);
    let shown = all.iter().rev().filter(|message| id(message) < before).take(limit);
    let show = |message: &SimMessage| {
        let mut shown = messages::shown(world, message);
        if !world.lists_nonces {
            shown["nonce"] = Value::Null;
        }
        shown
    };
    shown.map(show).collect()
}
