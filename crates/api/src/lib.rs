//! Router, middleware, extractors, handlers, errors and the description of the HTTP surface.

mod caller;
mod cookies;
mod edge;
mod error;
mod extract;
mod middleware;
pub mod openapi;
mod route_table;
mod routes;
mod rule_views;
pub mod server_file;
mod signed;
mod socket;
mod views;

pub use edge::{Edge, ORIGIN_SECRET, Peer, VIEWER_ADDRESS};
pub use error::ApiError;
pub use route_table::{ROUTES, Route, Who};
pub use socket::{SUBPROTOCOL, SocketCaller, socket_router};

use axum::{Router, extract::DefaultBodyLimit, middleware as layers};
use sm_services::LazyApp;
use std::sync::Arc;

/// The largest body we read.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// All routes, for whoever comes directly. The app is built by the first request that needs it.
pub fn router(app: impl Into<LazyApp>) -> Router {
    router_behind(Edge::default(), app)
}

/// The same behind a CDN or proxies.
pub fn router_behind(edge: Edge, app: impl Into<LazyApp>) -> Router {
    let (app, edge) = (app.into(), Arc::new(edge));
    let guard = layers::from_fn_with_state((app.clone(), edge.clone()), middleware::guard);
    let framed = route_table::api()
        .route_layer(guard)
        .fallback(routes::not_found)
        .method_not_allowed_fallback(routes::method_not_allowed)
        .layer(layers::from_fn_with_state(edge, middleware::frame));
    // Webhooks have ids of their own, and no browser to protect: they go by the shortest way.
    let webhooks = route_table::webhooks().method_not_allowed_fallback(routes::method_not_allowed);
    Router::new()
        .merge(framed)
        .merge(webhooks)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app)
}
