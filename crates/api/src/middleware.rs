//! What every request goes through: an id, the way it came, the limits, the check for other sites, and headers.

use crate::{ApiError, Edge, cookies::Cookie};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts};
use sm_aws::metrics::Counter;
use sm_services::{App, LazyApp, SecurityEvent, accounts::sign_in::holder_of, admission::Sender};
use std::sync::Arc;
use tracing::Instrument;
use uuid::Uuid;

const HEALTH: &str = "/api/health";
/// Where strangers begin and end what leads to Discord or Twitch; they have a smaller share of these.
const SIGN_IN: [&str; 4] = [
    "/api/auth/discord/login",
    "/api/auth/discord/callback",
    "/api/auth/twitch/callback",
    "/api/invites/{code}/link",
];
/// Where programs run commands, with tokens instead of cookies.
const RUN: &str = "/api/channels/{channel_id}/commands/{command}/run";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const HEADERS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
];

/// The id of a request; in its answer, its log lines and the audit log.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(String);

impl RequestId {
    pub(crate) fn of(parts: &Parts) -> String {
        parts.extensions.get::<Self>().map_or_else(String::new, |id| id.0.clone())
    }
}

/// Gives the request an id of its own and the answer its headers; one that has come round the CDN goes no further.
pub(crate) async fn frame(
    State(edge): State<Arc<Edge>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = Uuid::now_v7().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", request.id = id);
    let mut response = if edge.was_passed_by(request.headers()) {
        Counter::PassedBy.count();
        ApiError::WrongAddress.into_response()
    } else {
        next.run(request).instrument(span).await
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// Holds everybody to their limits, and takes writes from our own pages only.
pub(crate) async fn guard(
    State((lazy, edge)): State<(LazyApp, Arc<Edge>)>,
    request: Request,
    next: Next,
) -> Response {
    // Whoever asks whether the process answers must not have to wait for a database.
    if request.uri().path() == HEALTH {
        return next.run(request).await;
    }
    let Ok(app) = lazy.get().await else {
        // The handler reports what is wrong.
        return next.run(request).await;
    };
    let sender = sender(&app, &edge, &request);
    if let Err(wait) = app.admits(sender).await {
        if SecurityEvent::RateLimited.count_and_sample() {
            let user = match sender {
                Sender::Holder(user) => Some(user.to_string()),
                Sender::Stranger { .. } => None,
            };
            let event = SecurityEvent::RateLimited.as_str();
            tracing::info!(event, user.id = user, "the limit of a source or of the API is used up");
        }
        let retry_after = wait.as_secs_f64().ceil().max(1.0) as u64;
        return ApiError::RateLimited { retry_after }.into_response();
    }
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let own = same_origin(request.headers(), &app.settings.public_base_url);
    if !safe && !own && !is_by_token(&request) {
        SecurityEvent::CrossSite.record(None, "a write from another site was refused");
        return ApiError::CrossSite.into_response();
    }
    next.run(request).await
}

/// Whose request it is, before the database is asked. A session of a key that we do not know yet is a stranger's,
/// until the first one that is let through has had it looked up.
fn sender(app: &App, edge: &Edge, request: &Request) -> Sender {
    let cookie = Cookie::Session.read(request.headers());
    if let Some(user) = cookie.and_then(|cookie| holder_of(app, cookie)) {
        return Sender::Holder(user);
    }
    let source = edge.source(request.headers(), request.extensions());
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let signs_in = path.is_some_and(|path| SIGN_IN.contains(&path));
    Sender::Stranger { source, signs_in }
}

/// Whether a request is a program's, with a token of its own: no cookie counts there, and no other site's page
/// can send the header.
fn is_by_token(request: &Request) -> bool {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    path == Some(RUN) && request.headers().contains_key(header::AUTHORIZATION)
}

/// Whether a browser says that a request comes from our own pages. Whoever is no browser says so too.
pub(crate) fn same_origin(headers: &HeaderMap, base_url: &str) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(header::ORIGIN), text(SEC_FETCH_SITE)) {
        (Some(origin), _) => origin == origin_of(base_url),
        (None, Some(site)) => site == "same-origin",
        (None, None) => false,
    }
}

/// Scheme, host and port of an address.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or(url, |slash| &url[..host + slash])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ROUTES, Who};

    #[test]
    fn routes_of_the_sign_in_are_ones_that_are_there() {
        for path in SIGN_IN {
            let route = ROUTES.iter().find(|route| route.path == path);
            assert_eq!(route.map(|route| route.who), Some(Who::Public), "{path}");
        }
    }

    #[test]
    fn only_route_for_programs_is_one_that_takes_tokens() {
        let by_token: Vec<_> =
            ROUTES.iter().filter(|r| r.who == Who::Token).map(|r| r.path).collect();
        assert_eq!(by_token, [RUN]);
    }

    fn allowed(pairs: &[(HeaderName, &'static str)]) -> bool {
        let headers =
            pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        same_origin(&headers.collect(), "https://live.example/app")
    }

    #[test]
    fn only_our_own_origin_may_write() {
        assert!(allowed(&[(header::ORIGIN, "https://live.example")]));
        assert!(allowed(&[(SEC_FETCH_SITE, "same-origin")]));
        for (name, value) in [
            (header::ORIGIN, "https://evil.example"),
            (header::ORIGIN, "http://live.example"),
            (header::ORIGIN, "https://live.example.evil.example"),
            (header::ORIGIN, "null"),
            (SEC_FETCH_SITE, "same-site"),
            (SEC_FETCH_SITE, "cross-site"),
            (SEC_FETCH_SITE, "none"),
        ] {
            assert!(!allowed(&[(name, value)]), "{value}");
        }
        assert!(!allowed(&[]));
        let both = [(header::ORIGIN, "https://evil.example"), (SEC_FETCH_SITE, "same-origin")];
        assert!(!allowed(&both));
    }
}
