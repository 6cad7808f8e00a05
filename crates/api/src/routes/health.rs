//! `GET /api/health`: the process answers. It asks nothing of the database.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// Version and state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    status: &'static str,
    /// The version of this API.
    version: &'static str,
}

/// Tells that the process answers.
#[utoipa::path(get, path = "/api/health", tag = "meta", responses((status = 200, body = Health)))]
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
