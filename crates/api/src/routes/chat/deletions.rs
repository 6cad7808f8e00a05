//! `/api/channels/{channel_id}/deletions`: what filters have deleted.

use super::owner::Owner;
use crate::{ApiError, views::rfc3339};
use axum::Json;
use serde::Serialize;
use sm_db::chat::deletions;
use utoipa::ToSchema;

/// Lines that are shown.
const MOST: i64 = 100;

/// A viewer's line that a filter has found; its text and its writer are not kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatDeletionView {
    /// Twitch's id of the line.
    message_id: String,
    /// `link`, `caps`, `repetition` or `term`.
    filter: String,
    /// `queued`, `deleted` or `refused`.
    state: String,
    /// Why it was not deleted: `not_granted`, `not_moderator`, `rejected` or `late`.
    reason: Option<String>,
    #[schema(format = DateTime)]
    heard_at: String,
}

/// The latest lines that the channel's filters have found, and what became of them; 100 at most, for 14 days.
#[utoipa::path(get, path = "/api/channels/{channel_id}/deletions", tag = "chat",
    params(("channel_id" = String, Path)), responses((status = 200, body = Vec<ChatDeletionView>)))]
pub(crate) async fn list(owner: Owner) -> Result<Json<Vec<ChatDeletionView>>, ApiError> {
    let all = deletions::list(&owner.app().pool, &owner.channel, MOST).await?;
    let view = |seen: deletions::Seen| ChatDeletionView {
        message_id: seen.message_id,
        filter: seen.filter,
        state: seen.state,
        reason: seen.reason,
        heard_at: rfc3339(seen.heard_at),
    };
    Ok(Json(all.into_iter().map(view).collect()))
}
