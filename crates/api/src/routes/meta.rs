//! `/api/config` and `/api/openapi.json`: what a client has to know before it begins.

use crate::extract::Ready;
use axum::{Json, response::IntoResponse};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

/// The description of the API as committed; a test compares it with the handlers.
pub(super) const DESCRIPTION: &str = include_str!("../../openapi.json");

/// What the dashboard has to know.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicConfig {
    /// The Discord application.
    discord_client_id: String,
    /// The version of this API.
    version: &'static str,
}

/// What the dashboard has to know; the same for everybody.
#[utoipa::path(get, path = "/api/config", tag = "meta", responses((status = 200, body = PublicConfig)))]
pub(crate) async fn config(Ready(app): Ready) -> impl IntoResponse {
    let config = PublicConfig {
        discord_client_id: app.discord.client_id().to_owned(),
        version: env!("CARGO_PKG_VERSION"),
    };
    ([(header::CACHE_CONTROL, "public, max-age=60")], Json(config))
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", tag = "meta",
    responses((status = 200, body = Object, content_type = "application/json")))]
pub(crate) async fn openapi_json() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=60")];
    (headers, DESCRIPTION)
}
