//! Names and avatars as Twitch has them, and accounts that go or come back.

use super::described;
use crate::{
    App,
    doubts::{self, Absence, Source},
    jobs::step::Failure,
    twitch_token::with_token,
};
use sm_db::streamers::{self, subscriptions};
use sm_twitch::{Error, List, User};
use sm_types::TwitchUserId;

/// Accounts that had gone and are asked about again. With those below, as many as Twitch takes at once.
const GONE: i64 = 70;
/// Accounts in doubt that are looked at once more.
const DOUBTED: i64 = 10;
/// Accounts that should be there, asked about beside them: an answer that lacks these too is wrong.
const WITNESSES: i64 = 20;

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

/// Takes up that accounts are back which Twitch had removed, since without subscriptions no event tells, and looks
/// once more at those in doubt.
pub(super) async fn returned(app: &App) -> Result<(), ReconcileError> {
    let gone = streamers::removed(&app.pool, GONE).await?;
    let doubts = sm_db::doubts::open(&app.pool, Absence::StreamerGone.as_str(), DOUBTED).await?;
    if gone.is_empty() && doubts.is_empty() {
        return Ok(());
    }
    let doubted = |id: &TwitchUserId| doubts.iter().any(|doubt| doubt.subject == id.as_str());
    let mut asked: Vec<_> =
        doubts.iter().map(|doubt| TwitchUserId::from(doubt.subject.as_str())).collect();
    if !asked.is_empty() {
        let witnesses = streamers::some_active(&app.pool, WITNESSES).await?;
        asked.extend(witnesses.into_iter().filter(|id| !doubted(id)));
    }
    let both: Vec<_> = gone.iter().chain(&asked).cloned().collect();
    let users = take_up(app, &both).await?;
    for user in users.iter().filter(|user| gone.contains(&user.id)) {
        tracing::info!(streamer.login = user.login, "a channel is back on Twitch");
    }
    streamers::still_removed(&app.pool, &gone, app.clock.now()).await?;
    miss(app, &asked, &users).await
}

/// Asks Twitch for up to 100 accounts, and takes up names and avatars of those that it lists.
pub(super) async fn take_up(app: &App, ids: &[TwitchUserId]) -> Result<List<User>, ReconcileError> {
    let asked_at = app.clock.now();
    let users = with_token(app, |token| async move { app.twitch.users(&token, ids).await }).await?;
    let known: Vec<_> = users.iter().map(described).collect();
    streamers::upsert_all(&app.pool, &known, asked_at).await?;
    let there: Vec<_> = users.iter().map(|user| user.id.as_str()).collect();
    let back = doubts::clear(app, Absence::StreamerGone, &there).await?;
    if !back.is_empty() {
        let back: Vec<_> = back.into_iter().map(TwitchUserId).collect();
        subscriptions::plan(&app.pool, &back, app.clock.now()).await?;
    }
    Ok(users)
}

/// Accounts that Twitch should list and does not: marked once that is certain.
pub(super) async fn miss(
    app: &App,
    asked: &[TwitchUserId],
    users: &List<User>,
) -> Result<(), ReconcileError> {
    if !users.whole {
        return Ok(());
    }
    let listed = |id: &&TwitchUserId| users.iter().any(|user| user.id == **id);
    let missing: Vec<_> = asked.iter().filter(|id| !listed(id)).map(TwitchUserId::as_str).collect();
    let absence = Absence::StreamerGone;
    let gone = doubts::missing(app, absence, Source::GetUsers, asked.len(), &missing).await?;
    let gone: Vec<_> = gone.into_iter().map(|doubt| TwitchUserId(doubt.subject)).collect();
    if !gone.is_empty() {
        tracing::info!(streamers = ?gone, "channels are gone from Twitch");
        streamers::set_removed(&app.pool, &gone, app.clock.now()).await?;
    }
    Ok(())
}
