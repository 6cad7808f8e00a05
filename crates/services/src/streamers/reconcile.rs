//! The reconciler: what should be at Twitch and what is, what is live and what we think is.

use super::described;
pub(crate) use super::drift::step_subscriptions;
pub use super::drift::{Drift, Reconciled, at_twitch, drift, outdated, subscriptions};
use crate::{
    App,
    jobs::step::{Failure, Run, Step, pace_twitch},
    twitch_token::with_token,
};
use sm_aws::Ring;
use sm_db::{
    announce::{
        acceptance::{self, Notice, StreamStart},
        stream_sessions::{self, OpenSession},
    },
    streamers,
};
use sm_twitch::{Error, Stream, User};
use sm_types::TwitchUserId;
use time::{Duration, OffsetDateTime};

/// A stream is missing from Get Streams for its first minutes.
const LISTED_AFTER: Duration = Duration::minutes(10);
/// Streamers per request: as many as Twitch takes.
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

/// The streamers of a step, and its cursor when others follow.
async fn page_of(app: &App, run: Run<'_>) -> Result<(Vec<TwitchUserId>, Option<String>), Failure> {
    let after = run.cursor.map(TwitchUserId::from);
    let page = streamers::followed(&app.pool, after.as_ref(), PAGE).await?;
    let full = i64::try_from(page.len()).is_ok_and(|len| len == PAGE);
    let next = page.last().filter(|_| full).map(ToString::to_string);
    if !page.is_empty() {
        pace_twitch(app).await?;
    }
    Ok((page, next))
}

/// What a run over the streams has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streams {
    /// Streams that we had not heard of.
    pub started: usize,
    /// Sessions that had ended without our hearing of it.
    pub ended: usize,
}

/// A page of [`streams`].
pub(crate) async fn step_streams(app: &App, run: Run<'_>) -> Step {
    let (page, next) = page_of(app, run).await?;
    compare_streams(app, &page, &mut Streams::default()).await?;
    Ok(next)
}

/// Compares who is live with what we think: lost events are accepted as if they had come.
pub async fn streams(app: &App) -> Result<Streams, ReconcileError> {
    let mut found = Streams::default();
    let mut after: Option<TwitchUserId> = None;
    loop {
        let page = streamers::followed(&app.pool, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.clone());
        compare_streams(app, &page, &mut found).await?;
    }
}

async fn compare_streams(
    app: &App,
    ids: &[TwitchUserId],
    found: &mut Streams,
) -> Result<(), ReconcileError> {
    let live =
        with_token(app, |token| async move { app.twitch.streams(&token, ids).await }).await?;
    let open = stream_sessions::open(&app.pool, ids).await?;
    let now = app.clock.now();
    for stream in &live {
        if started(app, stream, &open, now).await? {
            found.started += 1;
        }
    }
    for session in &open {
        let listed = live.iter().any(|stream| stream.id == session.stream_id);
        if !listed && now - session.started_at > LISTED_AFTER {
            end(app, session, now).await?;
            found.ended += 1;
        }
    }
    if found.started > 0 {
        app.doorbell.ring(Ring::Deliver).await;
    }
    Ok(())
}

/// Accepts a stream without a session; the webhook's own statement makes that harmless twice.
async fn started(
    app: &App,
    stream: &Stream,
    open: &[OpenSession],
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    if open.iter().any(|session| session.stream_id == stream.id) {
        return Ok(false);
    }
    let started_at = stream.started_at.unwrap_or(now);
    let message_id = format!("reconciler/online/{}", stream.id);
    let notice = Notice {
        message_id: &message_id,
        occurred_at: started_at,
        // A late discovery is no fresh go-live: it expires like a late webhook.
        received_at: started_at.min(now),
        streamer: &stream.user_id,
        login: "",
        display_name: "",
    };
    let start =
        StreamStart { stream_id: &stream.id, kind: "live", started_at, source: "reconciler" };
    let accepted = acceptance::stream_online(&app.pool, &notice, &start).await?;
    tracing::warn!(
        stream.id = %stream.id, streamer.id = %stream.user_id, ?accepted,
        late_s = (now - started_at).whole_seconds(), "found a stream that no webhook had told of"
    );
    Ok(matches!(accepted, acceptance::Accepted::Queued { .. }))
}

async fn end(app: &App, session: &OpenSession, now: OffsetDateTime) -> sqlx::Result<()> {
    let message_id = format!("reconciler/offline/{}/{}", session.stream_id, now.unix_timestamp());
    let notice = Notice {
        message_id: &message_id,
        occurred_at: now,
        received_at: now,
        streamer: &session.twitch_user_id,
        login: "",
        display_name: "",
    };
    let expand_at = now + crate::announce::accept::OFFLINE_DEBOUNCE;
    acceptance::stream_offline(&app.pool, &notice, Some(&session.stream_id), expand_at).await?;
    tracing::warn!(
        stream.id = %session.stream_id, streamer.id = %session.twitch_user_id,
        "found an end that no webhook had told of"
    );
    Ok(())
}

/// Brings names and avatars of a page up to date; accounts that Twitch does not list any more are marked.
pub(crate) async fn step_names(app: &App, run: Run<'_>) -> Step {
    let (page, next) = page_of(app, run).await?;
    let users = take_up(app, &page).await?;
    let gone: Vec<_> =
        page.iter().filter(|id| !users.iter().any(|user| user.id == **id)).cloned().collect();
    streamers::set_removed(&app.pool, &gone).await?;
    Ok(next)
}

/// Asks Twitch for up to 100 accounts, and takes up names and avatars of those that it lists.
async fn take_up(app: &App, ids: &[TwitchUserId]) -> Result<Vec<User>, ReconcileError> {
    let users = with_token(app, |token| async move { app.twitch.users(&token, ids).await }).await?;
    let known: Vec<_> = users.iter().map(described).collect();
    streamers::upsert_all(&app.pool, &known).await?;
    Ok(users)
}
