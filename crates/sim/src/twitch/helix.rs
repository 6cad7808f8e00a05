//! The entrance to `/helix` and `/oauth2`: faults, tokens and the rate limit, in one place.

use super::{
    Shared, chat, eventsub,
    http::{Pairs, Refusal, refuse},
    limits::Limits,
    oauth, resources,
};
use crate::unkind;
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Uri},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// What is answered at all, by method and path behind `/helix/` or `/oauth2/`.
pub const ROUTES: &[&str] = &[
    "GET users",
    "GET channels",
    "GET streams",
    "GET search/channels",
    "GET games",
    "GET search/categories",
    "GET videos",
    "GET authorization/users",
    "POST chat/messages",
    "DELETE moderation/chat",
    "GET channels/followers",
    "GET eventsub/subscriptions",
    "POST eventsub/subscriptions",
    "DELETE eventsub/subscriptions",
    "POST token",
    "POST revoke",
    "POST device",
    "GET activate",
    "GET validate",
    "GET authorize",
];

pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path();
    let (helix, short) = match (path.strip_prefix("/helix/"), path.strip_prefix("/oauth2/")) {
        (Some(short), _) => (true, short),
        (None, Some(short)) => (false, short),
        (None, None) => return refuse(404, "Not Found").into_response(),
    };
    let unkind = {
        let mut world = shared.world();
        world.requests.push(format!("{method} {path}"));
        unkind::next(&mut world.faults, method.as_str(), short)
    };
    let answer = match unkind.as_ref().and_then(unkind::Unkind::refusal) {
        Some(status) => refusal(&shared, status, helix),
        None if !ROUTES.iter().any(|route| unkind::is_of(route, method.as_str(), short)) => {
            refuse(404, "Not Found").into_response()
        }
        None => answered(&shared, &method, (helix, short), &uri, &headers, &body).await,
    };
    match unkind {
        Some(unkind) => unkind.spoil(answer).await,
        None => answer,
    }
}

/// The answer without any fault, by Helix or by the OAuth server.
async fn answered(
    shared: &Arc<Shared>,
    method: &Method,
    (helix, path): (bool, &str),
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    if !helix {
        return oauth::handle(shared, method, path, uri, headers, body).await;
    }
    let (answered, limits) = limited(shared, method, path, uri, headers, body).await;
    let mut response = answered.into_response();
    if let Some(limits) = limits {
        limits.stamp(response.headers_mut());
    }
    response
}

/// The words and headers that a refusal has.
fn refusal(shared: &Shared, status: u16, helix: bool) -> Response {
    let refusal = match status {
        401 => refuse(401, "Invalid OAuth token"),
        429 => refuse(429, "Too Many Requests"),
        status => refuse(status, "a fault of the simulator"),
    };
    if !helix {
        return refusal.of_oauth();
    }
    let mut response = refusal.into_response();
    if status == 429 {
        let reset = shared.clock.now().unix_timestamp() + 1;
        let limit = shared.points_per_minute.unwrap_or(800);
        Limits { limit, remaining: 0, reset }.stamp(response.headers_mut());
    }
    response
}

async fn limited(
    shared: &Arc<Shared>,
    method: &Method,
    path: &str,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> (Result<Response, Refusal>, Option<Limits>) {
    let bearer = match oauth::authenticate(shared, headers) {
        Ok(bearer) => bearer,
        Err(refusal) => return (Err(refusal), None),
    };
    let now = shared.clock.now();
    let limits = match shared.world().bucket.as_mut().map(|bucket| bucket.take(now)) {
        Some(Err(limits)) => return (Err(refuse(429, "Too Many Requests")), Some(limits)),
        Some(Ok(limits)) => Some(limits),
        None => None,
    };
    let query = Pairs::of_query(uri);
    let answered = match (method, path) {
        (&Method::POST, "eventsub/subscriptions") => eventsub::create(shared, &bearer, body).await,
        (&Method::GET, "eventsub/subscriptions") => eventsub::list(shared, &bearer, &query),
        (&Method::DELETE, "eventsub/subscriptions") => eventsub::delete(shared, &bearer, &query),
        (&Method::POST, "chat/messages") => chat::send(shared, &bearer, body),
        (&Method::DELETE, "moderation/chat") => chat::delete(shared, &bearer, &query),
        (&Method::GET, resource) => resources::get(shared, &bearer, resource, &query),
        _ => Err(refuse(404, "Not Found")),
    };
    (answered, limits)
}
