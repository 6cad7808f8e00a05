//! `/api/guilds/{guild_id}/export` and `/import`: a server's whole configuration as a file.

use crate::{
    ApiError,
    caller::GuildAdmin,
    extract::JsonBody,
    server_file::{self, Change, Others},
};
use axum::{Json, response::IntoResponse};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use sm_services::setup::whole;
use utoipa::ToSchema;

/// The server's settings, templates and streamers as a file (YAML).
#[utoipa::path(get, path = "/api/guilds/{guild_id}/export", tag = "guilds",
    params(("guild_id" = String, Path)),
    responses((status = 200, body = Object, content_type = "application/yaml")))]
pub(crate) async fn export(admin: GuildAdmin) -> Result<impl IntoResponse, ApiError> {
    let whole = whole::read(admin.app(), admin.guild).await?.ok_or(ApiError::UnknownGuild)?;
    let text =
        server_file::export(&whole, &admin.app().settings.public_base_url).map_err(|error| {
            tracing::error!(error, "a configuration could not be written as a file");
            ApiError::Unavailable
        })?;
    let kind = HeaderValue::from_static("application/yaml; charset=utf-8");
    let name = HeaderValue::from_static("attachment; filename=\"server.yaml\"");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text))
}

/// A configuration to take over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportServerBody {
    /// The file's text (YAML), as the export writes it. A part that it lacks stays, and so does a setting.
    file: String,
    /// Whether templates and streamers go that a list in the file lacks.
    #[serde(default)]
    remove_others: bool,
    /// What the answer of a dry run said; left out: only tell what would change.
    #[serde(default)]
    made_from: Option<String>,
}

/// What a file changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportServerView {
    /// Whether it is stored: false of a dry run.
    applied: bool,
    /// To be sent back as `made_from`: a save is refused when somebody else has saved since.
    made_from: String,
    /// What differs, part by part.
    changes: Vec<Change>,
    /// Templates and streamers that the file lacks, and that stay.
    kept: usize,
}

/// Compares a file with the server's configuration, or takes it over: all of it, or on any problem nothing.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/import", tag = "guilds",
    params(("guild_id" = String, Path)), request_body = ImportServerBody,
    responses((status = 200, body = ImportServerView),
        (status = 412, description = "Somebody else has saved since; compare again.")))]
pub(crate) async fn import(
    admin: GuildAdmin,
    JsonBody(body): JsonBody<ImportServerBody>,
) -> Result<Json<ImportServerView>, ApiError> {
    let (app, guild) = (admin.app(), admin.guild);
    let old = whole::read(app, guild).await?.ok_or(ApiError::UnknownGuild)?;
    let made_from = server_file::fingerprint(&old);
    if body.made_from.as_ref().is_some_and(|from| *from != made_from) {
        return Err(ApiError::Conflict);
    }
    let others = if body.remove_others { Others::Go } else { Others::Stay };
    let plan = server_file::plan(&old, &body.file, others)?;
    let applied = body.made_from.is_some();
    whole::save(app, guild, &old, plan.wanted, !applied, &admin.actor()).await?;
    Ok(Json(ImportServerView { applied, made_from, changes: plan.changes, kept: plan.kept }))
}

/// The file's JSON Schema, for editors that check while one types.
#[utoipa::path(get, path = "/api/schemas/server.json", tag = "meta",
    responses((status = 200, body = Object, content_type = "application/schema+json")))]
pub(crate) async fn schema() -> impl IntoResponse {
    let described = serde_json::from_str(super::meta::DESCRIPTION).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "application/schema+json"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, server_file::schema(&described).to_string())
}
