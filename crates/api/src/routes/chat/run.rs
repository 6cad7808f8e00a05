//! `POST /api/channels/{channel_id}/commands/{command}/run`: a command, run by a program with a token.

use crate::{
    ApiError,
    extract::{JsonBody, Params, Ready},
};
use axum::Json;
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use sm_services::chat::{
    run::{self, Order, RunError},
    tokens,
};
use sm_types::{Secret, TwitchUserId};
use utoipa::ToSchema;
use uuid::Uuid;

/// How to run it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RunBody {
    /// What would follow the command in chat; up to 500 characters.
    #[schema(example = "@ana")]
    arguments: String,
    /// An id of your own: asked twice with the same, it is run once.
    client_id: Option<Uuid>,
}

/// What is going to be said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunView {
    /// Up to three messages, in the queue.
    lines: Vec<String>,
}

/// Runs a command as the channel's owner. Needs a token of the channel with the scope `run`, in the header
/// `Authorization: Bearer …`; `command` is a name or an alias.
#[utoipa::path(post, path = "/api/channels/{channel_id}/commands/{command}/run", tag = "chat",
    params(("channel_id" = String, Path), ("command" = String, Path)), request_body = RunBody,
    responses((status = 202, body = RunView),
        (status = 409, description = "Nothing is said: `code` tells why.")))]
pub(crate) async fn run(
    Ready(app): Ready,
    Params((channel, name)): Params<(TwitchUserId, String)>,
    headers: HeaderMap,
    JsonBody(RunBody { arguments, client_id }): JsonBody<RunBody>,
) -> Result<(StatusCode, Json<RunView>), ApiError> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let token = Secret::new(token.ok_or(ApiError::Unauthenticated)?.trim());
    let permitted = tokens::permits(&app, &channel, &token, "run").await?;
    let token = permitted.ok_or(ApiError::Unauthenticated)?;
    let once = client_id.unwrap_or_else(Uuid::new_v4);
    let order = Order { channel: &channel, name: &name, arguments: &arguments, token, once };
    let lines = run::run(&app, &order).await.map_err(refused)?;
    Ok((StatusCode::ACCEPTED, Json(RunView { lines })))
}

fn refused(error: RunError) -> ApiError {
    let (code, detail) = match error {
        RunError::Silent(sm_types::chat::Silence::NoCommand) => return ApiError::NotFound,
        RunError::Silent(silence) => (silence.code(), "The command does not answer now."),
        RunError::Before => ("already_run", "It was run before, under the same client_id."),
        RunError::NotThere => ("bot_not_there", "The bot is not in the channel."),
        RunError::Full => {
            ("queue_full", "Too many lines wait in the channel. Try again in a moment.")
        }
        RunError::TooFast => return ApiError::RateLimited { retry_after: 2 },
        RunError::Database(error) => return error.into(),
    };
    ApiError::Refused { code, detail: detail.to_owned() }
}
