//! The dashboard's files beside the API, for a machine without a CDN in front.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use std::path::Path;
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};

/// Where the API answers; everything else belongs to the dashboard.
const API: [&str; 2] = ["/api/", "/webhooks/"];
/// Files whose name changes with their content.
const HASHED: &str = "/assets/";
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

/// The API, and the dashboard whose built files are in `dir`.
///
/// An address that is neither the API's nor a file's is a page, and gets `index.html`.
pub fn beside(api: Router, dir: &Path) -> Router {
    beside_with(api, dir, HeaderValue::from_static(CONTENT_SECURITY_POLICY))
}

/// The same where pages may also load pictures of `origin`, which is not known beforehand.
pub(crate) fn beside_pictures_of(api: Router, dir: &Path, origin: &str) -> Router {
    let policy =
        CONTENT_SECURITY_POLICY.replacen("img-src 'self'", &format!("img-src 'self' {origin}"), 1);
    let usual = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    beside_with(api, dir, HeaderValue::try_from(policy).unwrap_or(usual))
}

fn beside_with(api: Router, dir: &Path, policy: HeaderValue) -> Router {
    let files = ServeDir::new(dir).precompressed_br();
    let pages = files.clone().fallback(ServeFile::new(dir.join("index.html")).precompressed_br());
    Router::new().fallback(choose).with_state(Parts { api, files, pages, policy })
}

#[derive(Clone)]
struct Parts {
    api: Router,
    files: ServeDir,
    pages: ServeDir<ServeFile>,
    policy: HeaderValue,
}

async fn choose(State(parts): State<Parts>, request: Request) -> Response {
    let path = request.uri().path();
    if API.iter().any(|prefix| path.starts_with(prefix)) {
        return parts.api.oneshot(request).await.into_response();
    }
    if path.starts_with(HASHED) {
        let answer = parts.files.oneshot(request).await.into_response();
        let found = answer.status().is_success();
        return with_headers(
            answer,
            if found { "public, max-age=31536000, immutable" } else { "no-store" },
            parts.policy,
        );
    }
    with_headers(parts.pages.oneshot(request).await.into_response(), "no-cache", parts.policy)
}

fn with_headers(mut answer: Response, caching: &'static str, policy: HeaderValue) -> Response {
    for (name, value) in PAGE_HEADERS.into_iter().chain([(header::CACHE_CONTROL, caching)]) {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    answer
}
