//! The reconciler: what should be at Twitch and what is, what is live and what we think is.

use super::{
    described,
    listing::{self, Streams},
    subscriptions::{is_current, is_ours, new_subscription},
};
use crate::{App, twitch_token::with_token};
use serde_json::json;
use sm_aws::{Ring, metrics::Gauge};
use sm_db::streamers::{
    self,
    subscriptions::{self, Listed},
};
use sm_twitch::{
    Error, User,
    eventsub::{Status, Subscription},
};
use sm_types::TwitchUserId;
use time::Duration;

/// Twitch's list is a few seconds behind: what changed since is left for the next run.
const SETTLED: Duration = Duration::minutes(2);
/// What Twitch lets an application's subscriptions cost, unless it was asked for more.
const MAX_COST: i64 = 10_000;
/// Subscriptions that are moved to a new secret per run: some seconds' worth.
const REPLACED_PER_RUN: usize = 50;
/// Streamers per request.
const PAGE: i64 = 100;
/// The one subscription that is not about a streamer.
const APP_WIDE: &str = "user.authorization.revoke";

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

/// What a run over the subscriptions has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Subscriptions of ours at Twitch.
    pub listed: usize,
    /// Those that were deleted, since nobody needs them.
    pub deleted: usize,
}

/// The subscriptions at Twitch that are delivered to us.
///
/// Another stage may share the application: what is delivered elsewhere is not ours to touch.
pub async fn at_twitch(app: &App) -> Result<Vec<Subscription>, Error> {
    let all = with_token(app, |token| async move { app.twitch.list_subscriptions(&token).await });
    let is_ours = |s: &Subscription| s.callback().is_some_and(|callback| is_ours(app, callback));
    Ok(all.await?.into_iter().filter(is_ours).collect())
}

/// Brings Twitch's subscriptions in line with who is followed.
pub async fn subscriptions(app: &App) -> Result<Reconciled, ReconcileError> {
    let now = app.clock.now();
    returned(app).await?;
    subscriptions::plan(&app.pool, None, now).await?;
    let all = at_twitch(app).await?;
    let (ours, outdated): (Vec<_>, Vec<_>) =
        all.iter().partition(|s| s.callback().is_some_and(|callback| is_current(app, callback)));
    let (replaced, kept) = replace(app, &ours, &outdated).await?;
    if app.newest_signs() && !has_app_wide(ours.iter().copied()) {
        subscribe_app_wide(app).await?;
    }
    let listed: Vec<_> = ours.iter().chain(&kept).filter_map(|found| listed(found)).collect();
    let mut strays = subscriptions::reconcile(&app.pool, &listed, now, now - SETTLED).await?;
    strays.extend(replaced);
    for id in &strays {
        with_token(app, |token| async move { app.twitch.delete_subscription(&token, id).await })
            .await?;
    }
    let unsettled = subscriptions::count_unsettled(&app.pool).await?;
    Gauge::SubscriptionDrift.note(unsettled + i64::try_from(strays.len()).unwrap_or(i64::MAX));
    Gauge::SubscriptionCost.note(100 * all.iter().map(|s| s.cost).sum::<i64>() / MAX_COST);
    Ok(Reconciled { listed: listed.len(), deleted: strays.len() })
}

/// Takes up that accounts are back which Twitch had removed; without subscriptions, no event tells.
async fn returned(app: &App) -> Result<(), ReconcileError> {
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
    for user in &users {
        streamers::upsert(&app.pool, &described(user)).await?;
    }
    Ok(users)
}

/// Moves subscriptions that an older secret signs to the newest, some per run; both are valid meanwhile.
///
/// The new one is there and enabled before the old one goes, so that no event is missed: what comes twice
/// counts once. Returns ids that were replaced, and subscriptions that are not yet.
async fn replace<'a>(
    app: &App,
    current: &[&Subscription],
    outdated: &[&'a Subscription],
) -> Result<(Vec<String>, Vec<&'a Subscription>), Error> {
    let same = |a: &Subscription, b: &Subscription| a.kind == b.kind && a.condition == b.condition;
    let (mut replaced, mut kept, mut created) = (Vec::new(), Vec::new(), 0);
    for &old in outdated {
        let new = current.iter().find(|new| same(new, old));
        if new.is_some_and(|new| new.status == Status::Enabled) || !alive(&old.status) {
            replaced.push(old.id.clone());
            continue;
        }
        kept.push(old);
        let may_move = app.newest_signs() && created < REPLACED_PER_RUN;
        if new.is_none() && old.kind != APP_WIDE && may_move {
            created += 1;
            let new = new_subscription(app, &old.kind, old.condition.clone());
            let made = with_token(app, |token| {
                let new = &new;
                async move { app.twitch.create_subscription(&token, new).await }
            });
            if let Err(error) = made.await {
                tracing::warn!(%error, subscription.id = old.id, "a subscription keeps its old secret for now");
            }
        }
    }
    Ok((replaced, kept))
}

/// How many subscriptions at Twitch another secret than our newest signs.
pub async fn outdated(app: &App) -> Result<usize, Error> {
    let newest_signs = |s: &Subscription| s.callback().is_some_and(|to| is_current(app, to));
    let all = at_twitch(app).await?;
    Ok(all.iter().filter(|s| alive(&s.status) && !newest_signs(s)).count())
}

/// How far Twitch's subscriptions are from who is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drift {
    /// Subscriptions of ours at Twitch.
    pub listed: usize,
    /// Those that nobody needs, or that are there twice.
    pub strays: usize,
    /// Those that are missing.
    pub missing: i64,
    /// Those that Twitch refuses to create, so far.
    pub failing: i64,
    /// Those that we hold and nobody needs any more.
    pub unwanted: i64,
    /// Whether the one about withdrawn consents is missing.
    pub app_wide_missing: bool,
}

/// What [`subscriptions`] would do. It is done within a transaction that is taken back.
pub async fn drift(app: &App) -> Result<Drift, ReconcileError> {
    let ours = at_twitch(app).await?;
    let listed: Vec<_> = ours.iter().filter_map(listed).collect();
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    subscriptions::plan(&mut *transaction, None, now).await?;
    let strays =
        subscriptions::reconcile(&mut *transaction, &listed, now, now - SETTLED).await?.len();
    let states = subscriptions::count_all(&mut *transaction).await?;
    transaction.rollback().await?;
    let count = |state: &str| states.iter().find(|(s, _)| s == state).map_or(0, |(_, n)| *n);
    Ok(Drift {
        listed: listed.len(),
        strays,
        missing: count("wanted"),
        failing: count("failed"),
        unwanted: count("unwanted"),
        app_wide_missing: !has_app_wide(&ours),
    })
}

fn has_app_wide<'a>(ours: impl IntoIterator<Item = &'a Subscription>) -> bool {
    ours.into_iter().any(|s| s.kind == APP_WIDE && alive(&s.status))
}

fn alive(status: &Status) -> bool {
    matches!(status, Status::Enabled | Status::Pending)
}

fn listed(subscription: &Subscription) -> Option<Listed> {
    Some(Listed {
        id: subscription.id.clone(),
        streamer: TwitchUserId::from(subscription.user_in_condition()?),
        kind: subscription.kind.clone(),
        version: subscription.version.clone(),
        status: subscription.status.as_str().to_owned(),
        cost: i32::try_from(subscription.cost).unwrap_or(i32::MAX),
    })
}

async fn subscribe_app_wide(app: &App) -> Result<(), Error> {
    let new = new_subscription(app, APP_WIDE, json!({ "client_id": app.twitch.client_id() }));
    let created = with_token(app, |token| {
        let new = &new;
        async move { app.twitch.create_subscription(&token, new).await }
    });
    match created.await {
        Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Compares who is live with what we think: lost events are accepted as if they had come.
pub async fn streams(app: &App) -> Result<Streams, ReconcileError> {
    let mut found = Streams::default();
    let mut after: Option<TwitchUserId> = None;
    loop {
        let page = streamers::followed(&app.pool, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.clone());
        let ids = page.as_slice();
        let live =
            with_token(app, |token| async move { app.twitch.streams(&token, ids).await }).await?;
        let page = listing::compare(app, ids, &live).await?;
        found.started += page.started;
        found.ended += page.ended;
        if found.started > 0 {
            app.doorbell.ring_and_wait(Ring::Deliver).await;
        }
    }
}

/// Brings names and avatars up to date; accounts that Twitch does not list any more are marked.
pub async fn names(app: &App) -> Result<(), ReconcileError> {
    let mut after: Option<TwitchUserId> = None;
    loop {
        let page = streamers::followed(&app.pool, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        let ids = page.as_slice();
        let users = take_up(app, ids).await?;
        let gone: Vec<_> =
            ids.iter().filter(|id| !users.iter().any(|user| user.id == **id)).cloned().collect();
        streamers::set_removed(&app.pool, &gone, app.clock.now()).await?;
    }
}
