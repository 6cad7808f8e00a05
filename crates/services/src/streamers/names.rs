//! Names and avatars as Twitch has them, and accounts that come back.

use super::described;
use crate::{App, jobs::step::Failure, twitch_token::with_token};
use sm_db::streamers;
use sm_twitch::{Error, User};
use sm_types::TwitchUserId;

/// Accounts per request: as many as Twitch takes.
const PAGE: i64 = 100;

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// Twitch does not answer.
    #[error("Twitch: {0}")]
    Twitch(#[from] Error),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<ReconcileError> for Failure {
    fn from(error: ReconcileError) -> Self {
        match error {
            ReconcileError::Twitch(error) => Self::Twitch(error),
            ReconcileError::Database(error) => Self::Database(error),
        }
    }
}

/// Takes up that accounts are back which Twitch had removed; without subscriptions, no event tells.
pub(super) async fn returned(app: &App) -> Result<(), ReconcileError> {
    let gone = streamers::removed(&app.pool, PAGE).await?;
    if gone.is_empty() {
        return Ok(());
    }
    for user in &take_up(app, &gone).await? {
        tracing::info!(streamer.login = user.login, "a channel is back on Twitch");
    }
    streamers::still_removed(&app.pool, &gone, app.clock.now()).await?;
    Ok(())
}

/// Asks Twitch for up to 100 accounts, and takes up names and avatars of those that it lists.
pub(super) async fn take_up(app: &App, ids: &[TwitchUserId]) -> Result<Vec<User>, ReconcileError> {
    let users = with_token(app, |token| async move { app.twitch.users(&token, ids).await }).await?;
    let known: Vec<_> = users.iter().map(described).collect();
    streamers::upsert_all(&app.pool, &known).await?;
    Ok(users)
}
