//! Writes down what is to be done and answered later.

use super::{asked::Asked, task::Task};
use crate::SecurityEvent;
use sm_aws::Ring;
use sm_db::interactions::{self, NewTask};
use sm_discord::interaction::{Reply, Response};
use sm_types::InteractionId;

/// What the token of an interaction is encrypted for.
pub(super) fn purpose(id: InteractionId) -> String {
    format!("interactions/{id}/token")
}

/// "Thinking …", until the answer comes.
pub(super) async fn later(asked: &Asked<'_>, task: &Task) -> sqlx::Result<Response> {
    queue(asked, task, Response::Later).await
}

/// The message with the button stays, until the answer takes its place.
pub(super) async fn update_later(asked: &Asked<'_>, task: &Task) -> sqlx::Result<Response> {
    queue(asked, task, Response::UpdateLater).await
}

async fn queue(asked: &Asked<'_>, task: &Task, response: Response) -> sqlx::Result<Response> {
    let app = asked.app;
    let token = match app.cipher.encrypt(&purpose(asked.id), &asked.token).await {
        Ok(token) => token,
        Err(error) => {
            SecurityEvent::CryptoError.count();
            tracing::error!(%error, event = SecurityEvent::CryptoError.as_str(), "an interaction's token could not be encrypted");
            return Ok(Response::Message(not_now(asked)));
        }
    };
    let task = serde_json::to_value(task).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let new = NewTask {
        id: asked.id,
        guild: asked.guild,
        user: asked.user,
        language: asked.language.code(),
        task: &task,
        token: &token,
    };
    interactions::queue(&app.pool, &new).await?;
    app.doorbell.ring(Ring::Interact).await;
    Ok(response)
}

fn not_now(asked: &Asked<'_>) -> Reply {
    Reply::text(asked.language.pick(
        "This cannot be done now. Try again in a moment.",
        "Das geht gerade nicht. Versuche es gleich noch einmal.",
    ))
}
