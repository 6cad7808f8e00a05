//! `GET /api/health`: the process answers. It asks nothing of the database.

use axum::Json;
use serde::Serialize;

/// Version and state.
#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
    version: &'static str,
}

/// Tells that the process answers.
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
