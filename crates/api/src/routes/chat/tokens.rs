//! `/api/channels/{channel_id}/tokens`: with what programs run commands.

use super::owner::Owner;
use crate::{
    ApiError,
    extract::{JsonBody, Params},
    views::rfc3339,
};
use axum::Json;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sm_db::chat::tokens as stored;
use sm_services::chat::tokens;
use utoipa::ToSchema;
use uuid::Uuid;

/// A token, without what it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatTokenView {
    id: Uuid,
    name: String,
    /// `run`: runs commands.
    scopes: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was used last, to the minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

/// The channel's tokens that are in use, newest first.
#[utoipa::path(get, path = "/api/channels/{channel_id}/tokens", tag = "chat",
    params(("channel_id" = String, Path)), responses((status = 200, body = Vec<ChatTokenView>)))]
pub(crate) async fn list(owner: Owner) -> Result<Json<Vec<ChatTokenView>>, ApiError> {
    let all = stored::list(&owner.app().pool, &owner.channel).await?;
    let view = |token: stored::Stored| ChatTokenView {
        id: token.token_id,
        name: token.name,
        scopes: token.scopes,
        created_at: rfc3339(token.created_at),
        last_used_at: token.last_used_at.map(rfc3339),
    };
    Ok(Json(all.into_iter().map(view).collect()))
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatTokenBody {
    /// What it is for; 1 to 50 characters.
    #[schema(example = "Stream deck")]
    name: String,
    /// What it may do: `run`.
    #[schema(example = json!(["run"]))]
    scopes: Vec<String>,
}

/// A token, this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewChatToken {
    id: Uuid,
    /// The token itself. It is not kept: nobody can show it again.
    token: String,
}

/// Makes a token and shows it, this once.
#[utoipa::path(post, path = "/api/channels/{channel_id}/tokens", tag = "chat",
    params(("channel_id" = String, Path)), request_body = ChatTokenBody,
    responses((status = 201, body = NewChatToken)))]
pub(crate) async fn create(
    owner: Owner,
    JsonBody(ChatTokenBody { name, scopes }): JsonBody<ChatTokenBody>,
) -> Result<(StatusCode, Json<NewChatToken>), ApiError> {
    let (app, channel) = (owner.app(), &owner.channel);
    let (id, token) = tokens::create(app, channel, &name, &scopes, &owner.actor()).await?;
    Ok((StatusCode::CREATED, Json(NewChatToken { id, token: token.expose().to_owned() })))
}

/// Revokes a token, at once and for good.
#[utoipa::path(delete, path = "/api/channels/{channel_id}/tokens/{token_id}", tag = "chat",
    params(("channel_id" = String, Path), ("token_id" = Uuid, Path)), responses((status = 204)))]
pub(crate) async fn revoke(
    owner: Owner,
    Params((_, id)): Params<(String, Uuid)>,
) -> Result<StatusCode, ApiError> {
    tokens::revoke(owner.app(), &owner.channel, id, &owner.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
