//! The reconciler: what should be at Twitch and what is, what is live and what we think is.

use super::{
    described,
    subscriptions::{is_current, is_ours, new_subscription},
};
use crate::{App, twitch_token::with_token};
use serde_json::json;
use sm_aws::{Ring, metrics::Gauge};
use sm_db::{
    announce::{
        acceptance::{self, Notice, StreamStart},
        stream_sessions::{self, OpenSession},
    },
    streamers::{
        self,
        subscriptions::{self, Listed},
    },
};
use sm_twitch::{
    Error, Stream,
    eventsub::{Status, Subscription},
};
use sm_types::TwitchUserId;
use time::{Duration, OffsetDateTime};

/// Twitch's list is a few seconds behind: what changed since is left for the next run.
const SETTLED: Duration = Duration::minutes(2);
/// A stream is missing from Get Streams for its first minutes.
const LISTED_AFTER: Duration = Duration::minutes(10);
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

/// What a run over the streams has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streams {
    /// Streams that we had not heard of.
    pub started: usize,
    /// Sessions that had ended without our hearing of it.
    pub ended: usize,
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
            app.doorbell.ring_and_wait(Ring::Deliver).await;
        }
    }
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

/// Brings names and avatars up to date; accounts that Twitch does not list any more are marked.
pub async fn names(app: &App) -> Result<(), ReconcileError> {
    let mut after: Option<TwitchUserId> = None;
    loop {
        let page = streamers::followed(&app.pool, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        let ids = page.as_slice();
        let users =
            with_token(app, |token| async move { app.twitch.users(&token, ids).await }).await?;
        for user in &users {
            streamers::upsert(&app.pool, &described(user)).await?;
        }
        let gone: Vec<_> =
            ids.iter().filter(|id| !users.iter().any(|user| user.id == **id)).cloned().collect();
        streamers::set_removed(&app.pool, &gone).await?;
    }
}
