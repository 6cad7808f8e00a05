//! `POST /interactions`: somebody has used a command or a button on Discord.

use crate::{
    ApiError,
    extract::{RawBody, Ready},
    signed,
};
use axum::Json;
use http::HeaderMap;
use sm_discord::interaction::{Interaction, Response};
use sm_services::interactions::door::{self, Replayed};
use time::Duration;

/// Discord sends once, and waits for 3 seconds: what is older was recorded by somebody. How long it stands behind a
/// signature is not documented.
const MAX_AGE: Duration = Duration::minutes(5);

/// Verifies, takes and answers one interaction.
pub(crate) async fn receive(
    Ready(app): Ready,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Json<Response>, ApiError> {
    signed::verify(&app, &headers, &body, MAX_AGE)?;
    let Some(interaction) = Interaction::parse(&body) else {
        tracing::warn!("refused an interaction that does not parse");
        let message = "This is no interaction.".to_owned();
        return Err(ApiError::Malformed { field: ".".to_owned(), message });
    };
    match door::answer(&app, interaction).await {
        Ok(response) => Ok(Json(response)),
        Err(Replayed) => Err(signed::refused()),
    }
}
