//! The reconciler: what should be at Twitch and what is, what is live and what we think is.

pub(crate) use super::drift::step_subscriptions;
pub use super::drift::{Drift, Reconciled, at_twitch, drift, outdated, subscriptions};
use super::{
    listing::{self, Streams},
    names::{ReconcileError, miss, take_up},
    subscriptions::is_ours,
};
use crate::{
    App,
    jobs::step::{Failure, Run, Step, pace_twitch},
    twitch_token::with_token,
};
use sm_aws::Ring;
use sm_db::streamers;
use sm_twitch::Error;
use sm_types::TwitchUserId;

/// Streamers per request: as many as Twitch takes.
const PAGE: i64 = 100;

/// The streamers of a step, and its cursor when others follow.
async fn page_of(app: &App, run: Run<'_>) -> Result<(Vec<TwitchUserId>, Option<String>), Failure> {
    let after = run.cursor.map(TwitchUserId::from);
    let page = streamers::wanted(&app.pool, after.as_ref(), PAGE).await?;
    let full = i64::try_from(page.len()).is_ok_and(|len| len == PAGE);
    let next = page.last().filter(|_| full).map(ToString::to_string);
    if !page.is_empty() {
        pace_twitch(app).await?;
    }
    Ok((page, next))
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
        let page = streamers::wanted(&app.pool, after.as_ref(), PAGE).await?;
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
    let Streams { started, ended } = listing::compare(app, ids, &live).await?;
    if started > 0 {
        app.doorbell.ring_and_wait(Ring::Deliver).await;
    }
    found.started += started;
    found.ended += ended;
    Ok(())
}

/// Brings names and avatars of a page up to date; what becomes of accounts that Twitch does not list is for
/// [`miss`] to say.
pub(crate) async fn step_names(app: &App, run: Run<'_>) -> Step {
    let (page, next) = page_of(app, run).await?;
    let users = take_up(app, &page).await?;
    let active = streamers::active(&app.pool, &page).await?;
    miss(app, &active, &users).await?;
    Ok(next)
}

/// Ends every subscription that is delivered to us, for good: a product that runs would create them anew.
///
/// How many there were. Asks Twitch alone, so that a database that is gone stops nobody.
pub async fn end_all(app: &App) -> Result<usize, Error> {
    let token = app.twitch.app_token().await?.secret;
    let all = app.twitch.list_subscriptions(&token).await?;
    let ours: Vec<_> =
        all.iter().filter(|s| s.callback().is_some_and(|to| is_ours(app, to))).collect();
    for subscription in &ours {
        // Thousands use up the points of a minute.
        while let Err(error) = app.twitch.delete_subscription(&token, &subscription.id).await {
            let Error::RateLimited { retry_after } = error else { return Err(error) };
            tokio::time::sleep(retry_after).await;
        }
    }
    Ok(ours.len())
}
