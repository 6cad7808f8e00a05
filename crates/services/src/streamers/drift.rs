//! Twitch's list of subscriptions beside who is followed.
//!
//! The list of a large instance has thousands of pages. It is read into the database page by page, and then
//! compared streamer by streamer, so that a run can end anywhere and go on later.

use super::{
    names::returned,
    subscriptions::{condition, is_current, is_ours, new_subscription},
};
use crate::{
    App,
    doubts::{self, Absence, Source, Verdict},
    jobs::step::{Failure, Run, Step, pace_twitch},
    twitch_token::with_token,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sm_aws::metrics::Gauge;
use sm_db::{
    Session,
    streamers::{
        listed::{self, Lacking, Listed},
        subscriptions,
    },
};
use sm_twitch::{
    Error,
    eventsub::{Status, Subscription},
};
use sm_types::TwitchUserId;
use time::{Duration, OffsetDateTime};

/// Twitch's list is a few seconds behind: what changed since is left for the next run.
const SETTLED: Duration = Duration::minutes(2);
/// Streamers compared at once. After a rotation each of their subscriptions is created anew, and deleted:
/// some seconds' worth.
const STREAMERS: i64 = 25;
/// A list has no more pages than this: at about 100 rows each, four subscriptions of 250,000 streamers.
const MAX_PAGES: usize = 10_000;
/// The one subscription that is not about a streamer.
const APP_WIDE: &str = "user.authorization.revoke";

/// What a run over the subscriptions has found so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// Subscriptions of ours at Twitch.
    pub listed: i64,
    /// Those that were deleted, since nobody needs them.
    pub deleted: i64,
    /// What they cost together, of what Twitch allows.
    pub cost: i64,
}

/// Where a run stands; the job's cursor, as JSON.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Place {
    part: Part,
    found: Reconciled,
    /// Rows could not be read: nothing follows from what the list lacks.
    #[serde(default)]
    torn: bool,
    /// Pages of the list, so far.
    #[serde(default)]
    pages: usize,
    /// The list was begun anew, since Twitch did not know a cursor that it had given.
    #[serde(default)]
    anew: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    /// The list is read, behind a cursor of Twitch's.
    Listing(Option<String>),
    /// What is not about a streamer is compared.
    AppWide,
    /// Streamers behind this id are compared.
    Streamers(String),
}

impl Default for Part {
    fn default() -> Self {
        Self::Listing(None)
    }
}

/// A page of [`subscriptions`].
pub(crate) async fn step_subscriptions(app: &App, run: Run<'_>) -> Step {
    // What an older version has left behind is no place of ours: the run begins anew.
    let place = run.cursor.and_then(|cursor| serde_json::from_str(cursor).ok());
    match advance(app, run.begun_at, place.unwrap_or_default()).await? {
        (place, false) => Ok(Some(json!(place).to_string())),
        (_, true) => Ok(None),
    }
}

/// Brings Twitch's subscriptions in line with who is followed, however long that takes.
pub async fn subscriptions(app: &App) -> Result<Reconciled, Failure> {
    let begun_at = app.clock.now();
    let mut place = Place::default();
    loop {
        match advance(app, begun_at, place.clone()).await {
            Ok((next, false)) => place = next,
            Ok((done, true)) => return Ok(done.found),
            Err(failure) => match failure.wait() {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(failure),
            },
        }
    }
}

/// One page further; true when that was the last.
async fn advance(app: &App, run: OffsetDateTime, place: Place) -> Result<(Place, bool), Failure> {
    let Place { part, mut found, mut torn, mut pages, anew } = place;
    let part = match part {
        // Cursors that go round in circles.
        Part::Listing(_) if pages >= MAX_PAGES => return Err(Failure::Nowhere),
        Part::Listing(after) => match list(app, run, after.as_deref(), &mut found).await {
            Ok((Some(next), _)) if after.as_ref() == Some(&next) => return Err(Failure::Stuck),
            Ok((next, whole)) => {
                pages += 1;
                torn |= !whole;
                next.map_or(Part::AppWide, |next| Part::Listing(Some(next)))
            }
            // Twitch does not say how long a cursor is good for. The first that is not good any more costs nobody a
            // wait; one that never is costs one each time.
            Err(Failure::Twitch(Error::Rejected { .. })) if after.is_some() => {
                if anew {
                    return Err(Failure::Nowhere);
                }
                return Ok((Place { anew: true, ..Place::default() }, false));
            }
            Err(failure) => return Err(failure),
        },
        Part::AppWide => {
            returned(app).await?;
            compare_app_wide(app, run, &mut found).await?;
            Part::Streamers(String::new())
        }
        Part::Streamers(after) => {
            let page = listed::page(&app.pool, &after, STREAMERS).await?;
            let Some(last) = page.last().map(ToString::to_string) else {
                let unsettled = subscriptions::count_unsettled(&app.pool).await?;
                Gauge::SubscriptionDrift.note(unsettled + found.deleted);
                let allowed = i64::from(app.settings.subscription_budget.max(1));
                Gauge::SubscriptionCost.note(100 * found.cost / allowed);
                let part = Part::Streamers(after);
                return Ok((Place { part, found, torn, pages, anew }, true));
            };
            compare(app, run, &page, torn, &mut found).await?;
            Part::Streamers(last)
        }
    };
    Ok((Place { part, found, torn, pages, anew }, false))
}

/// Reads a page of Twitch's list; the cursor of the next, and whether all of it could be read.
async fn list(
    app: &App,
    run: OffsetDateTime,
    after: Option<&str>,
    found: &mut Reconciled,
) -> Result<(Option<String>, bool), Failure> {
    pace_twitch(app).await?;
    let page =
        with_token(app, |token| async move { app.twitch.subscriptions_page(&token, after).await });
    let (page, next) = page.await?;
    let ours: Vec<_> = page.iter().filter_map(|subscription| ours(app, subscription)).collect();
    listed::note(&app.pool, &ours, run).await?;
    found.listed += i64::try_from(ours.len()).unwrap_or(0);
    found.cost += ours.iter().map(|listed| i64::from(listed.cost)).sum::<i64>();
    Ok((next, page.whole))
}

async fn compare_app_wide(
    app: &App,
    run: OffsetDateTime,
    found: &mut Reconciled,
) -> Result<(), Failure> {
    let all = listed::app_wide(&app.pool, run).await?;
    if app.newest_signs() && !has_app_wide(all.iter().filter(|listed| !listed.outdated)) {
        subscribe_app_wide(app).await?;
    }
    let (_, replaced) = replace(app, run, all).await?;
    delete(app, &replaced, found).await
}

async fn compare(
    app: &App,
    run: OffsetDateTime,
    streamers: &[TwitchUserId],
    torn: bool,
    found: &mut Reconciled,
) -> Result<(), Failure> {
    let now = app.clock.now();
    subscriptions::plan(&app.pool, streamers, now).await?;
    let all = listed::of_streamers(&app.pool, streamers, run).await?;
    let (kept, mut strays) = replace(app, run, all).await?;
    strays.extend(listed::reconcile(&app.pool, &kept).await?);
    if !torn {
        restore(app, streamers, &kept, run - SETTLED).await?;
    }
    delete(app, &strays, found).await
}

/// Has created anew what Twitch has lost: what its list lacks, and does not know by its id either.
async fn restore(
    app: &App,
    streamers: &[TwitchUserId],
    kept: &[Listed],
    settled: OffsetDateTime,
) -> Result<(), Failure> {
    let absence = Absence::SubscriptionMissing;
    let (known, lacking) = listed::lacking(&app.pool, streamers, kept, settled).await?;
    let there: Vec<_> = kept
        .iter()
        .filter_map(|l| l.streamer.as_ref().map(|id| subject(id, &l.kind, &l.with_user)))
        .collect();
    let there: Vec<_> = there.iter().map(String::as_str).collect();
    doubts::clear(app, absence, &there).await?;
    let subjects: Vec<_> =
        lacking.iter().map(|l| subject(&l.streamer, &l.kind, &l.with_user)).collect();
    let subjects: Vec<_> = subjects.iter().map(String::as_str).collect();
    let source = Source::SubscriptionList;
    let believed = doubts::missing(app, absence, source, known, &subjects).await?;
    let mut lost = Vec::new();
    for (target, subject) in lacking.iter().zip(subjects.iter().copied()) {
        if believed.iter().any(|doubt| doubt.subject == subject)
            || doubts::plausible(known, lacking.len()) && is_lost(app, target, subject).await?
        {
            lost.push(target);
        }
    }
    if !lost.is_empty() {
        listed::want_anew(&app.pool, &lost, app.clock.now()).await?;
        let lost: Vec<_> =
            lost.iter().map(|l| subject(&l.streamer, &l.kind, &l.with_user)).collect();
        let lost: Vec<_> = lost.iter().map(String::as_str).collect();
        doubts::clear(app, absence, &lost).await?;
    }
    Ok(())
}

fn subject(streamer: &str, kind: &str, with_user: &str) -> String {
    let parts = [streamer, kind, with_user];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// Whether Twitch does not know a subscription by its id either.
async fn is_lost(app: &App, target: &Lacking, subject: &str) -> Result<bool, Failure> {
    let Some(id) = &target.subscription_id else { return Ok(false) };
    pace_twitch(app).await?;
    let found = with_token(app, |token| async move { app.twitch.subscription(&token, id).await });
    match found.await {
        Ok(Some(found)) if is_alive(found.status.as_str()) => {
            doubts::clear(app, Absence::SubscriptionMissing, &[subject]).await?;
            Ok(false)
        }
        Ok(_) => {
            let absence = Absence::SubscriptionMissing;
            let verdict = doubts::doubt(app, absence, subject, Source::Subscription).await?;
            Ok(verdict == Verdict::Believe)
        }
        Err(error @ Error::RateLimited { .. }) => Err(error.into()),
        // The next run looks again.
        Err(error) => {
            tracing::warn!(%error, subscription.id = id, "could not ask for a subscription");
            Ok(false)
        }
    }
}

/// Deletes subscriptions at Twitch.
async fn delete(app: &App, ids: &[String], found: &mut Reconciled) -> Result<(), Failure> {
    for id in ids {
        with_token(app, |token| async move { app.twitch.delete_subscription(&token, id).await })
            .await?;
        listed::unlist(&app.pool, id).await?;
        found.deleted += 1;
    }
    Ok(())
}

/// Moves subscriptions that an older secret signs to the newest; both are valid meanwhile.
///
/// The new one is there and enabled before the old one goes, so that no event is missed: what comes twice
/// counts once. Returns those that stay, and the ids of those that were replaced.
async fn replace(
    app: &App,
    run: OffsetDateTime,
    all: Vec<Listed>,
) -> Result<(Vec<Listed>, Vec<String>), Failure> {
    let (outdated, mut kept): (Vec<_>, Vec<_>) = all.into_iter().partition(|l| l.outdated);
    let mut replaced = Vec::new();
    for old in outdated {
        let same = |new: &&Listed| {
            let about = |l: &Listed| (l.kind.clone(), l.streamer.clone(), l.with_user.clone());
            !new.outdated && about(new) == about(&old)
        };
        let new = kept.iter().find(same);
        if new.is_some_and(|new| new.status == Status::Enabled.as_str()) || !is_alive(&old.status) {
            replaced.push(old.id);
            continue;
        }
        if new.is_none()
            && app.newest_signs()
            && let Some(streamer) = &old.streamer
        {
            create_anew(app, run, &old, streamer).await?;
        }
        kept.push(old);
    }
    Ok((kept, replaced))
}

/// Creates what an older secret signs once more; a refusal leaves the old one for now.
async fn create_anew(
    app: &App,
    run: OffsetDateTime,
    old: &Listed,
    streamer: &str,
) -> Result<(), Failure> {
    pace_twitch(app).await?;
    let new = new_subscription(app, &old.kind, condition(&old.kind, streamer, &old.with_user));
    let made = with_token(app, |token| {
        let new = &new;
        async move { app.twitch.create_subscription(&token, new).await }
    });
    match made.await {
        Ok(made) => {
            // When this page has to be repeated, it is not created again.
            let listed = ours(app, &made);
            listed::note(&app.pool, listed.as_slice(), run).await?;
            Ok(())
        }
        Err(error @ (Error::RateLimited { .. } | Error::Unavailable { .. })) => Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, subscription.id = old.id, "a subscription keeps its old secret for now");
            Ok(())
        }
    }
}

/// The subscriptions at Twitch that are delivered to us.
///
/// Another stage may share the application: what is delivered elsewhere is not ours to touch.
pub async fn at_twitch(app: &App) -> Result<Vec<Subscription>, Error> {
    let all = with_token(app, |token| async move { app.twitch.list_subscriptions(&token).await });
    let is_ours = |s: &Subscription| s.callback().is_some_and(|callback| is_ours(app, callback));
    Ok(all.await?.into_iter().filter(is_ours).collect())
}

/// How many subscriptions at Twitch another secret than our newest signs.
pub async fn outdated(app: &App) -> Result<usize, Error> {
    let newest_signs = |s: &Subscription| s.callback().is_some_and(|to| is_current(app, to));
    let all = at_twitch(app).await?;
    Ok(all.iter().filter(|s| is_alive(s.status.as_str()) && !newest_signs(s)).count())
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
pub async fn drift(app: &App) -> Result<Drift, Failure> {
    let all: Vec<_> = at_twitch(app).await?.iter().filter_map(|s| ours(app, s)).collect();
    let mut transaction = app.pool.begin().await?;
    let strays = strays(&mut transaction, &all, app.clock.now()).await?;
    let states = subscriptions::count_all(&mut *transaction).await?;
    transaction.rollback().await?;
    let count = |state: &str| states.iter().find(|(s, _)| s == state).map_or(0, |(_, n)| *n);
    Ok(Drift {
        listed: all.iter().filter(|listed| listed.streamer.is_some()).count(),
        strays,
        missing: count("wanted"),
        failing: count("failed"),
        unwanted: count("unwanted"),
        app_wide_missing: !has_app_wide(&all),
    })
}

async fn strays(db: &mut Session, all: &[Listed], now: OffsetDateTime) -> sqlx::Result<usize> {
    let (mut strays, mut after) = (0, String::new());
    listed::note(&mut *db, all, now).await?;
    loop {
        let page = listed::page(&mut *db, &after, STREAMERS).await?;
        let Some(last) = page.last() else { return Ok(strays) };
        last.as_str().clone_into(&mut after);
        subscriptions::plan(&mut *db, &page, now).await?;
        let listed = listed::of_streamers(&mut *db, &page, now).await?;
        strays += listed::reconcile(&mut *db, &listed).await?.len();
        let (_, lacking) = listed::lacking(&mut *db, &page, &listed, now - SETTLED).await?;
        let lacking: Vec<_> = lacking.iter().collect();
        listed::want_anew(&mut *db, &lacking, now).await?;
    }
}

fn has_app_wide<'a>(all: impl IntoIterator<Item = &'a Listed>) -> bool {
    all.into_iter().any(|listed| listed.kind == APP_WIDE && is_alive(&listed.status))
}

fn is_alive(status: &str) -> bool {
    [Status::Enabled, Status::Pending].iter().any(|alive| alive.as_str() == status)
}

/// A subscription that is delivered to us, as the database keeps it.
fn ours(app: &App, subscription: &Subscription) -> Option<Listed> {
    let callback = subscription.callback().filter(|callback| is_ours(app, callback))?;
    Some(Listed {
        id: subscription.id.clone(),
        streamer: subscription.user_in_condition().map(ToOwned::to_owned),
        kind: subscription.kind.clone(),
        version: subscription.version.clone(),
        status: subscription.status.as_str().to_owned(),
        cost: i32::try_from(subscription.cost).unwrap_or(i32::MAX),
        outdated: !is_current(app, callback),
        with_user: subscription.reader_in_condition().unwrap_or_default().to_owned(),
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
        Err(error @ (Error::RateLimited { .. } | Error::Unauthorized)) => Err(error),
        // Strays that the run is about to delete may be what takes its place; and an odd answer to this one
        // request keeps no streamer from being compared. The next run tries again.
        Err(error) => {
            tracing::warn!(%error, "withdrawn consents are not told of: Twitch did not take the subscription");
            Ok(())
        }
    }
}
