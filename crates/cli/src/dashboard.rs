//! The dashboard's files beside the API, for a machine without a CDN in front.

use crate::site::{Site, accepts_brotli, is_among};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use tower::ServiceExt;

/// Where the API answers; everything else belongs to the dashboard.
const API: [&str; 3] = ["/api/", "/webhooks/", "/interactions"];
const SOCKET: &str = "/ws";
/// Files whose name changes with their content.
const HASHED: &str = "assets/";
const PAGE: &str = "index.html";
/// What a page of the dashboard may load, and from where.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: https://cdn.discordapp.com https://static-cdn.jtvnw.net; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; frame-src https://player.twitch.tv https://www.twitch.tv; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// What every page and file is sent with; the template's CloudFront sends the same.
pub const PAGE_HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// The API, and the dashboard beside it.
///
/// An address that is neither the API's nor a file's is a page, and gets `index.html`.
pub fn beside(api: Router, site: Site) -> Router {
    beside_with(api, site, HeaderValue::from_static(CONTENT_SECURITY_POLICY))
}

/// The same where pages may also load pictures of `origin`, which is not known beforehand.
pub(crate) fn beside_pictures_of(api: Router, site: Site, origin: &str) -> Router {
    let policy =
        CONTENT_SECURITY_POLICY.replacen("img-src 'self'", &format!("img-src 'self' {origin}"), 1);
    let usual = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    beside_with(api, site, HeaderValue::try_from(policy).unwrap_or(usual))
}

fn beside_with(api: Router, site: Site, policy: HeaderValue) -> Router {
    Router::new().fallback(choose).with_state(Parts { api, site: Arc::new(site), policy })
}

#[derive(Clone)]
struct Parts {
    api: Router,
    site: Arc<Site>,
    policy: HeaderValue,
}

async fn choose(State(parts): State<Parts>, request: Request) -> Response {
    let path = request.uri().path();
    if path == SOCKET || API.iter().any(|prefix| path.starts_with(prefix)) {
        return parts.api.oneshot(request).await.into_response();
    }
    let mut answer = answer(&parts.site, &request);
    for (name, value) in PAGE_HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, parts.policy);
    answer
}

fn answer(site: &Site, request: &Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, "GET, HEAD"), (header::CACHE_CONTROL, "no-store")];
        return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
    }
    let name = request.uri().path().trim_start_matches('/');
    let is_hashed = name.starts_with(HASHED);
    let Some(file) = site.find(name).or_else(|| site.find(PAGE).filter(|_| !is_hashed)) else {
        return (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")]).into_response();
    };
    let twin = file.brotli.clone().filter(|_| accepts_brotli(request.headers()));
    let caching = if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut headers = HeaderMap::from_iter([
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        (header::ETAG, file.etag(twin.is_some())),
    ]);
    if file.brotli.is_some() {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    // Its hash alone tells whether a browser has this file: times are those of an archive or an image.
    if is_among(request.headers(), &file.hash) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
    if twin.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    (headers, twin.unwrap_or_else(|| file.bytes.clone())).into_response()
}
