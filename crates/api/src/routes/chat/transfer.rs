//! `/api/channels/{channel_id}/commands/import` and `/export`.

use super::owner::Owner;
use crate::{ApiError, extract::JsonBody};
use axum::{Json, response::IntoResponse};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use sm_services::chat::transfer;
use utoipa::ToSchema;

/// A file to import.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportBody {
    /// The file's text: an export of Nightbot, StreamElements or Fossabot (JSON), or one of ours (YAML).
    file: String,
    /// Only tell what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// What an import has done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportReport {
    /// `nightbot`, `streamelements`, `fossabot` or `streammaxing`.
    origin: &'static str,
    added: usize,
    /// They are there and switched off: something did not map.
    disabled: usize,
    skipped: usize,
    /// In the file's order.
    rows: Vec<ImportRow>,
}

/// What became of a row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportRow {
    /// The command's or timer's name, or a quote's number.
    name: String,
    /// `command`, `quote` or `timer`.
    kind: &'static str,
    /// `added`, `disabled` or `skipped`.
    outcome: &'static str,
    /// Why, and what is worth knowing.
    notes: Vec<String>,
}

/// Imports commands, quotes and timers, and tells what became of each. Nothing that is there is overwritten; what
/// does not map comes in switched off.
#[utoipa::path(post, path = "/api/channels/{channel_id}/commands/import", tag = "chat",
    params(("channel_id" = String, Path)), request_body = ImportBody,
    responses((status = 200, body = ImportReport)))]
pub(crate) async fn import(
    owner: Owner,
    JsonBody(ImportBody { file, dry_run }): JsonBody<ImportBody>,
) -> Result<Json<ImportReport>, ApiError> {
    let (app, channel) = (owner.app(), &owner.channel);
    let report = transfer::import(app, channel, &file, dry_run, &owner.actor()).await?;
    let count = |outcome| report.rows.iter().filter(|row| row.outcome == outcome).count();
    let row = |told: &transfer::Told| ImportRow {
        name: told.name.clone(),
        kind: told.kind.as_str(),
        outcome: told.outcome.as_str(),
        notes: told.notes.clone(),
    };
    Ok(Json(ImportReport {
        origin: report.origin,
        added: count(transfer::Outcome::Added),
        disabled: count(transfer::Outcome::Disabled),
        skipped: count(transfer::Outcome::Skipped),
        rows: report.rows.iter().map(row).collect(),
    }))
}

/// All commands, quotes and timers as a file (YAML). Secrets stand in it by their names alone.
#[utoipa::path(get, path = "/api/channels/{channel_id}/commands/export", tag = "chat",
    params(("channel_id" = String, Path)),
    responses((status = 200, body = String, content_type = "application/yaml")))]
pub(crate) async fn export(owner: Owner) -> Result<impl IntoResponse, ApiError> {
    let text = transfer::export(owner.app(), &owner.channel).await?;
    let kind = HeaderValue::from_static("application/yaml; charset=utf-8");
    let name = HeaderValue::from_static("attachment; filename=\"commands.yaml\"");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text))
}
