//! Router, extractors, handlers and errors of the HTTP surface.

mod error;
mod extract;
mod routes;

pub use error::ApiError;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use sm_services::LazyApp;

/// The largest body we read.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// All routes. The app is built by the first request that needs it.
pub fn router(app: impl Into<LazyApp>) -> Router {
    Router::new()
        .route("/api/health", get(routes::health::health))
        .route("/webhooks/twitch", post(routes::twitch_webhook::receive))
        .fallback(routes::not_found)
        .method_not_allowed_fallback(routes::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app.into())
}
