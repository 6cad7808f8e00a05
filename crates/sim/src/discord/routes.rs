//! `/api/v10`: one entrance, so that the checks which meet every request stand in one place.

use super::{
    Shared,
    answers::{
        Refusal, add_bucket, any as any_answer, cloudflare, lost_answer, rate_limited, refuse,
        respond, server_error,
    },
    bearer,
    call::Call,
    events,
    faults::{Fault, FaultKind, LimitScope},
    forms::Pairs,
    limits::Route,
    messages, resources, token,
    world::World,
};
use crate::{OddBody, odd::with_odd_body};
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

/// What happens after the request has been handled.
#[derive(Default)]
struct Aftermath {
    delay: Option<Duration>,
    instead: Option<Response>,
    odd: Option<OddBody>,
    drop_embeds: bool,
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
    let (mut response, aftermath) = {
        let mut world = shared.world();
        let (response, mut aftermath) = answer(&shared, &mut world, &method, &uri, &headers, &body);
        let response = aftermath.instead.take().unwrap_or(response);
        world.seen(method.as_str(), &path, response.status().as_u16());
        (response, aftermath)
    };
    if let Some(user) = aftermath.deauthorized {
        // Beside the answer, as Discord does: whoever waits for that may be the one to be told.
        tokio::spawn(async move { events::deauthorized(&shared, user).await });
    }
    if let Some(delay) = aftermath.delay {
        tokio::time::sleep(delay).await;
    }
    if let Some(odd) = aftermath.odd {
        response = with_odd_body(response, odd).await;
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
    let of_bot = bearer.is_none() && !about_tokens;
    let mut aftermath = match next_fault(world, &call, path.unwrap_or(""), of_bot) {
        None => none,
        Some(fault) => match effect(fault.kind) {
            Effect::Refused(response) => return (response, none),
            Effect::RefusedOddly(response, odd) => {
                return (response, Aftermath { odd: Some(odd), ..none });
            }
            Effect::Afterwards(aftermath) => aftermath,
        },
    };
    let response = match bearer {
        _ if about_tokens => match token::handle(world, &shared.application, &call) {
            Ok(done) => {
                aftermath.deauthorized = done.deauthorized;
                aftermath.delay = aftermath.delay.or(world.grants.delay);
                respond(Ok(done.answer))
            }
            Err(refusal) => refuse(refusal),
        },
        Some(access) => bearer::handle(world, &shared.application, &call, access),
        None => {
            let is_known = text(header::AUTHORIZATION).strip_prefix("Bot ") == Some(&shared.token);
            if is_known {
                with_bot_token(shared, world, &call, aftermath.drop_embeds)
            } else {
                refuse(Refusal::unauthorized())
            }
        }
    };
    (response, aftermath)
}

/// What a fault does to a request.
enum Effect {
    /// It is not carried out.
    Refused(Response),
    /// Nor here, and the answer is odd.
    RefusedOddly(Response, OddBody),
    /// It is carried out, and then something happens.
    Afterwards(Aftermath),
}

fn effect(kind: FaultKind) -> Effect {
    let none = Aftermath::default();
    match kind {
        FaultKind::DropEmbeds => Effect::Afterwards(Aftermath { drop_embeds: true, ..none }),
        FaultKind::Slow { ms } => {
            let delay = Some(Duration::from_millis(ms));
            Effect::Afterwards(Aftermath { delay, ..none })
        }
        FaultKind::LostAnswer => {
            Effect::Afterwards(Aftermath { instead: Some(lost_answer()), ..none })
        }
        FaultKind::ServerError { status, stored: true } => {
            Effect::Afterwards(Aftermath { instead: Some(server_error(status)), ..none })
        }
        FaultKind::ServerError { status, stored: false } => Effect::Refused(server_error(status)),
        FaultKind::RateLimit { scope, retry_after, header } => {
            Effect::Refused(rate_limited(scope, retry_after, header))
        }
        FaultKind::Cloudflare => Effect::Refused(cloudflare()),
        FaultKind::Refuse { status, code } => {
            Effect::Refused(refuse(Refusal::new(status, code, "refused by a fault")))
        }
        FaultKind::RefusePart { path } => Effect::Refused(refuse(Refusal::part(&path))),
        FaultKind::Unauthorized => Effect::Refused(refuse(Refusal::unauthorized())),
        FaultKind::Odd { status, body } if status >= 400 => {
            Effect::RefusedOddly(refuse(Refusal::new(status, 0, "refused by a fault")), body)
        }
        FaultKind::Answer { status, headers, body } => {
            Effect::Refused(any_answer(status, &headers, body))
        }
        FaultKind::Odd { body, .. } => Effect::Afterwards(Aftermath { odd: Some(body), ..none }),
    }
}

/// Whether a body has what a fault is about.
fn is_about(kind: &FaultKind, body: &[u8]) -> bool {
    let FaultKind::RefusePart { path } = kind else { return true };
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body.pointer(&format!("/{}", path.replace('.', "/"))).is_some_and(|part| !part.is_null())
}

/// Uses up the first fault that fits a request.
fn next_fault(world: &mut World, call: &Call<'_>, path: &str, of_bot: bool) -> Option<Fault> {
    let (method, channel) = (call.method.as_str(), call.message_channel());
    let fits = |fault: &Fault| fault.path.is_some() || of_bot;
    let at = world
        .faults
        .iter()
        .position(|f| fits(f) && f.fits(method, path, channel) && is_about(&f.kind, call.body))?;
    let fault = world.faults[at].clone();
    world.faults[at].times = world.faults[at].times.saturating_sub(1);
    if world.faults[at].times == 0 {
        world.faults.remove(at);
    }
    Some(fault)
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
