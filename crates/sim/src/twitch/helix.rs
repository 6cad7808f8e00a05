//! The entrance to `/helix` and `/oauth2`: faults, tokens and the rate limit, in one place.

use super::{
    Shared, eventsub,
    faults::Fault,
    http::{Pairs, Refusal, refuse},
    limits::Limits,
    oauth, resources,
};
use crate::odd::with_odd_body;
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use std::{sync::Arc, time::Duration};

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
    let fault = {
        let mut world = shared.world();
        world.requests.push(format!("{method} {path}"));
        world.next_fault(&method, short)
    };
    let Some(fault) = fault else {
        return answered(&shared, &method, (helix, short), &uri, &headers, &body).await;
    };
    tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    if let Some(text) = fault.text {
        let json = [("content-type", "application/json; charset=utf-8")];
        let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::OK);
        return (status, json, text).into_response();
    }
    let response = if fault.status >= 400 {
        fail(&shared, &fault, helix)
    } else {
        answered(&shared, &method, (helix, short), &uri, &headers, &body).await
    };
    match fault.body {
        Some(odd) => with_odd_body(response, odd).await,
        None => response,
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

/// The answer of a fault, with the words and headers that such an answer has.
fn fail(shared: &Shared, fault: &Fault, helix: bool) -> Response {
    let refusal = match fault.status {
        401 => refuse(401, "Invalid OAuth token"),
        429 => refuse(429, "Too Many Requests"),
        status => refuse(status, "a fault of the simulator"),
    };
    if !helix {
        return refusal.of_oauth();
    }
    let mut response = refusal.into_response();
    if fault.status == 429 {
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
        (&Method::GET, resource) => resources::get(shared, &bearer, resource, &query),
        _ => Err(refuse(404, "Not Found")),
    };
    (answered, limits)
}
