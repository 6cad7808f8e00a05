//! `/api/channels/{channel_id}/timers`: lines that are said every so often while the channel is live.

use super::owner::Owner;
use crate::{
    ApiError,
    extract::{IfMatch, JsonBody, Params},
    views::rfc3339,
};
use axum::Json;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sm_db::chat::timers as stored;
use sm_services::chat::timers;
use utoipa::ToSchema;
use uuid::Uuid;

/// A timer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatTimerView {
    id: Uuid,
    name: String,
    /// Templates, which take turns.
    responses: Vec<String>,
    /// 5 to 1,440.
    every_minutes: i32,
    /// Lines of others since the last time, without which it stays silent.
    min_lines: i32,
    enabled: bool,
    /// How often it has spoken.
    times: i64,
    #[schema(format = DateTime)]
    said_at: Option<String>,
    /// The revision, for `If-Match`.
    revision: i32,
}

/// The channel's timers, oldest first.
#[utoipa::path(get, path = "/api/channels/{channel_id}/timers", tag = "chat",
    params(("channel_id" = String, Path)), responses((status = 200, body = Vec<ChatTimerView>)))]
pub(crate) async fn list(owner: Owner) -> Result<Json<Vec<ChatTimerView>>, ApiError> {
    let all = stored::list(&owner.app().pool, &owner.channel).await?;
    let view = |timer: stored::Timer| ChatTimerView {
        id: timer.timer_id,
        name: timer.name,
        responses: timer.responses,
        every_minutes: timer.every_minutes,
        min_lines: timer.min_lines,
        enabled: timer.enabled,
        times: timer.times,
        said_at: timer.said_at.map(rfc3339),
        revision: timer.revision,
    };
    Ok(Json(all.into_iter().map(view).collect()))
}

/// A timer to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatTimerBody {
    /// 1 to 50 characters.
    #[schema(example = "Discord")]
    name: String,
    /// 1 to 20 templates, which take turns; `{count}` is how often the timer has spoken.
    responses: Vec<String>,
    /// 5 to 1,440; counted from the last time, and from the beginning of the stream.
    every_minutes: i32,
    /// 0 to 1,000 lines of others since the last time, without which it stays silent.
    #[serde(default)]
    min_lines: i32,
    #[serde(default = "on")]
    enabled: bool,
}

fn on() -> bool {
    true
}

impl From<ChatTimerBody> for timers::Draft {
    fn from(body: ChatTimerBody) -> Self {
        Self {
            name: body.name,
            responses: body.responses,
            every_minutes: body.every_minutes,
            min_lines: body.min_lines,
            enabled: body.enabled,
        }
    }
}

/// A new timer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewChatTimer {
    id: Uuid,
}

/// Stores a timer.
#[utoipa::path(post, path = "/api/channels/{channel_id}/timers", tag = "chat",
    params(("channel_id" = String, Path)), request_body = ChatTimerBody,
    responses((status = 201, body = NewChatTimer)))]
pub(crate) async fn create(
    owner: Owner,
    JsonBody(body): JsonBody<ChatTimerBody>,
) -> Result<(StatusCode, Json<NewChatTimer>), ApiError> {
    let (app, channel) = (owner.app(), &owner.channel);
    let id = timers::create(app, channel, &body.into(), &owner.actor()).await?;
    Ok((StatusCode::CREATED, Json(NewChatTimer { id })))
}

/// The revision that a save has made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatTimerSaved {
    revision: i32,
}

/// Saves a timer, made from the revision in `If-Match`.
#[utoipa::path(put, path = "/api/channels/{channel_id}/timers/{timer_id}", tag = "chat",
    params(("channel_id" = String, Path), ("timer_id" = Uuid, Path),
        ("If-Match" = String, Header, description = "The revision it was made from, in quotes.")),
    request_body = ChatTimerBody, responses((status = 200, body = ChatTimerSaved)))]
pub(crate) async fn put(
    owner: Owner,
    Params((_, id)): Params<(String, Uuid)>,
    IfMatch(revision): IfMatch,
    JsonBody(body): JsonBody<ChatTimerBody>,
) -> Result<Json<ChatTimerSaved>, ApiError> {
    let (app, channel) = (owner.app(), &owner.channel);
    let saved = timers::save(app, channel, id, &body.into(), revision, &owner.actor()).await?;
    Ok(Json(ChatTimerSaved { revision: saved }))
}

/// Deletes a timer.
#[utoipa::path(delete, path = "/api/channels/{channel_id}/timers/{timer_id}", tag = "chat",
    params(("channel_id" = String, Path), ("timer_id" = Uuid, Path)), responses((status = 204)))]
pub(crate) async fn delete(
    owner: Owner,
    Params((_, id)): Params<(String, Uuid)>,
) -> Result<StatusCode, ApiError> {
    timers::delete(owner.app(), &owner.channel, id, &owner.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
