//! What every request goes through: an id, the API's limit, the check for other sites, and headers.

use crate::ApiError;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts};
use sm_services::{LazyApp, SecurityEvent, limits::Limited};
use tracing::Instrument;
use uuid::Uuid;

const HEALTH: &str = "/api/health";
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

/// Gives the request an id of its own and the answer its headers.
pub(crate) async fn frame(mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", request.id = id);
    let mut response = next.run(request).instrument(span).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// Holds the API to its limit, and takes writes from our own pages only.
pub(crate) async fn guard(State(lazy): State<LazyApp>, request: Request, next: Next) -> Response {
    // Whoever asks whether the process answers must not have to wait for a database.
    if request.uri().path() == HEALTH {
        return next.run(request).await;
    }
    let Ok(app) = lazy.get().await else {
        // The handler reports what is wrong.
        return next.run(request).await;
    };
    if !app.allows(Limited::Api).await {
        SecurityEvent::RateLimited.record(None, "the API's limit is used up");
        return ApiError::RateLimited { retry_after: 1 }.into_response();
    }
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !safe && !same_origin(request.headers(), &app.settings.public_base_url) {
        SecurityEvent::CrossSite.record(None, "a write from another site was refused");
        return ApiError::CrossSite.into_response();
    }
    next.run(request).await
}

/// Whether a browser says that a request comes from our own pages. Whoever is no browser says so too.
fn same_origin(headers: &HeaderMap, base_url: &str) -> bool {
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
