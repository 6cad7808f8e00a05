//! EventSub subscriptions: creating those that are wanted, deleting those that nobody needs.

use super::names::{self, ReconcileError};
use crate::{
    App,
    audit::{self, Action, Actor},
    backoff::Policy,
    chat::channels::{self, Look, LookError},
    twitch_token::with_token,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sm_aws::{Ring, metrics::Counter};
use sm_db::{
    live::feeds,
    streamers::{
        follows,
        subscriptions::{self, DueTarget, Progress},
    },
};
use sm_twitch::{Error, NewSubscription, eventsub::Status};
use sm_types::{GuildId, Secret, TwitchUserId, announcement::TargetState};
use time::{Duration, OffsetDateTime};

/// Targets worked off per step.
const BATCH: i64 = 20;
/// How long one worker may take for a step.
const LEASE: Duration = Duration::minutes(2);
/// Twitch challenges within seconds; after this long we look whether it did.
const CHALLENGE_WINDOW: Duration = Duration::minutes(1);
/// Nobody can have it tried more often than that.
const RETRY_AFTER: Duration = Duration::MINUTE;
/// Half a minute, 1, 2, 4, … minutes, up to 6 hours; what is wanted is never given up.
const RETRY: Policy =
    Policy { first: Duration::seconds(30), longest: Duration::hours(6), tries: i32::MAX };
/// When Twitch is only busy. What it refuses for longer than this is shown as failed.
const BUSY: Policy =
    Policy { first: Duration::seconds(2), longest: Duration::minutes(15), tries: 12 };

/// Works off targets that are due; how many there were.
pub async fn step(app: &App) -> sqlx::Result<usize> {
    let now = app.clock.now();
    let due = subscriptions::claim(&app.pool, now, now + LEASE, BATCH).await?;
    for (turn, target) in due.iter().enumerate() {
        if app.is_stopping() {
            // For another worker, now and not when the lease has run out.
            subscriptions::release(&app.pool, &due[turn..], now).await?;
            break;
        }
        if target.state == TargetState::Unwanted {
            remove(app, target).await?;
        } else {
            create(app, target, now).await?;
        }
    }
    Ok(due.len())
}

/// What an admin's wish to try again came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// It is tried at once.
    Due,
    /// It was tried a moment ago.
    JustNow,
    /// Nothing has failed.
    NothingFailed,
    /// The server does not follow the streamer.
    NotFollowed,
}

/// Tries failed subscriptions of a streamer again, at once and not when it is planned.
pub async fn retry(
    app: &App,
    guild: GuildId,
    streamer: &TwitchUserId,
    actor: &Actor,
) -> sqlx::Result<Retried> {
    let Some((login, _)) = follows::find(&app.pool, guild, streamer).await? else {
        return Ok(Retried::NotFollowed);
    };
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    let counts = subscriptions::retry(&mut *transaction, streamer, now, now - RETRY_AFTER).await?;
    match counts {
        (0, _) => return Ok(Retried::NothingFailed),
        (_, 0) => return Ok(Retried::JustNow),
        _ => {}
    }
    let after = json!({ "login": login });
    let action = Action {
        guild: Some(guild),
        name: "streamer.subscribe",
        target: Some(streamer.as_str()),
        before: None,
        after: Some(after),
    };
    audit::done(app, &mut *transaction, actor, action).await?;
    transaction.commit().await?;
    app.doorbell.ring(Ring::Subscribe).await;
    Ok(Retried::Due)
}

/// Where Twitch sends its events. During a rotation it tells which secret signs them: Twitch never
/// shows that, and takes a second subscription for a callback that differs.
pub(crate) fn callback(app: &App) -> String {
    match signing_secret(app).filter(|_| app.settings.eventsub_secrets.len() > 1) {
        Some(secret) => format!("{}?key={}", address(app), key_id(secret)),
        None => address(app),
    }
}

/// What new subscriptions are signed with: the newest, once every instance can know it.
fn signing_secret(app: &App) -> Option<&Secret> {
    let secrets = &app.settings.eventsub_secrets;
    let before = secrets.get(1).filter(|_| !app.newest_signs());
    before.or(secrets.first())
}

/// Whether a callback is ours, whatever secret signs what comes there.
pub(super) fn is_ours(app: &App, callback: &str) -> bool {
    callback.split_once('?').map_or(callback, |(path, _)| path) == address(app)
}

/// Whether our newest secret signs what comes to a callback of ours.
pub(super) fn is_current(app: &App, callback: &str) -> bool {
    let secrets = &app.settings.eventsub_secrets;
    match callback.split_once("?key=") {
        Some((_, key)) => secrets.first().is_some_and(|newest| key_id(newest) == key),
        None => secrets.len() < 2,
    }
}

fn address(app: &App) -> String {
    format!("{}/webhooks/twitch", app.settings.public_base_url)
}

fn key_id(secret: &Secret) -> String {
    hex::encode(&Sha256::digest(secret.expose().as_bytes())[..4])
}

/// What a subscription of a type is about, in the words that Twitch has for it.
pub(super) fn condition(kind: &str, streamer: &str, with_user: &str) -> Value {
    match kind {
        subscriptions::CHAT_TYPE => {
            json!({ "broadcaster_user_id": streamer, "user_id": with_user })
        }
        "user.update" => json!({ "user_id": streamer }),
        // Of those who raid them: whom they raid is another feed's.
        "channel.raid" => json!({ "to_broadcaster_user_id": streamer }),
        "channel.follow" => {
            json!({ "broadcaster_user_id": streamer, "moderator_user_id": streamer })
        }
        _ => json!({ "broadcaster_user_id": streamer }),
    }
}

/// A subscription with webhook transport.
pub(super) fn new_subscription(app: &App, kind: &str, condition: Value) -> NewSubscription {
    let secret = signing_secret(app).cloned();
    NewSubscription {
        kind: kind.to_owned(),
        version: if matches!(kind, "channel.update" | "channel.follow") { "2" } else { "1" }
            .to_owned(),
        condition,
        callback: callback(app),
        secret: secret.unwrap_or_else(|| Secret::new("")),
    }
}

async fn create(app: &App, target: &DueTarget, now: OffsetDateTime) -> sqlx::Result<()> {
    if target.kind == subscriptions::CHAT_TYPE && !may_be_there(app, target).await? {
        return Ok(());
    }
    let condition = condition(&target.kind, target.twitch_user_id.as_str(), &target.with_user);
    let new = new_subscription(app, &target.kind, condition);
    let created = with_token(app, |token| {
        let new = &new;
        async move { app.twitch.create_subscription(&token, new).await }
    })
    .await;
    let settled = match created {
        Err(Error::AlreadyExists { id: Some(id) }) => existing(app, &id).await,
        created => created.map(|made| (made.id, made.status)),
    };
    if settled.is_ok() && target.streamer_removed {
        look_again(app, &target.twitch_user_id, now).await?;
    }
    if let Err(Error::Forbidden { message }) = &settled
        && not_granted(app, target, message, now).await?
    {
        return Ok(());
    }
    let (mut error, mut id) = (None, None);
    let (state, next_try_at) = match settled {
        Ok((made, status)) => {
            id = Some(made);
            match status {
                Status::Enabled => (TargetState::Enabled, now),
                // Twitch asks within seconds; we look again when it did not.
                _ => (TargetState::Pending, now + CHALLENGE_WINDOW.max(backoff(target))),
            }
        }
        Err(refusal) => {
            Counter::SubscriptionFailed.count();
            let (state, wait) = after(&refusal, target);
            tracing::warn!(
                error = %refusal, streamer.id = %target.twitch_user_id, subscription.kind = target.kind,
                wait_s = wait.whole_seconds(), event = "subscription_failed", "a subscription could not be created"
            );
            error = Some(refusal.to_string());
            (state, now + wait)
        }
    };
    let progress =
        Progress { state, subscription_id: id.as_deref(), error: error.as_deref(), next_try_at };
    subscriptions::record(&app.pool, target, &progress).await
}

/// Whether the chat bot may still be in a channel. One that Twitch does not tell is found out by its answer.
async fn may_be_there(app: &App, target: &DueTarget) -> sqlx::Result<bool> {
    let bot = TwitchUserId(target.with_user.clone());
    match channels::look(app, &target.twitch_user_id, &bot).await {
        Ok(Look::Left) => Ok(false),
        Ok(Look::MayBeThere) | Err(LookError::Twitch(_)) => Ok(true),
        Err(LookError::Database(error)) => Err(error),
    }
}

/// Whether it is certain that a streamer has not granted what a subscription needs: then it is wanted no more, and
/// they are told to grant it again. A refusal alone is a doubt: what is refused twice in a row is.
async fn not_granted(
    app: &App,
    target: &DueTarget,
    message: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let needs = subscriptions::GRANTED_TYPES.iter().find(|(_, kind)| *kind == target.kind);
    let Some((grant, _)) = needs.filter(|_| target.attempts > 1) else { return Ok(false) };
    let streamer = &target.twitch_user_id;
    if !feeds::lose(&app.pool, streamer, *grant, now).await? {
        return Ok(false);
    }
    tracing::info!(
        streamer.id = %streamer, grant = grant.as_str(), message, "Twitch does not let a feed show what was granted"
    );
    app.hub().feeds_changed();
    subscriptions::plan(&app.pool, std::slice::from_ref(streamer), now).await?;
    Ok(true)
}

/// Twitch takes a subscription about an account that was gone: looks whether it is back, and plans
/// what else belongs to it.
async fn look_again(app: &App, streamer: &TwitchUserId, now: OffsetDateTime) -> sqlx::Result<()> {
    match names::take_up(app, std::slice::from_ref(streamer)).await {
        Ok(found) if found.is_empty() => Ok(()),
        Ok(_) => {
            tracing::info!(streamer.id = %streamer, "a channel is back on Twitch");
            subscriptions::plan(&app.pool, std::slice::from_ref(streamer), now).await
        }
        Err(ReconcileError::Database(error)) => Err(error),
        Err(ReconcileError::Twitch(error)) => {
            // The reconciler asks again within minutes.
            tracing::warn!(%error, streamer.id = %streamer, "could not ask whether a channel is back");
            Ok(())
        }
    }
}

/// The state of a subscription that is there already.
async fn existing(app: &App, id: &str) -> Result<(String, Status), Error> {
    let found = with_token(app, |token| async move { app.twitch.subscription(&token, id).await });
    found.await?.map(|found| (found.id, found.status)).ok_or(Error::NotFound)
}

/// The state and wait that follow from a refusal.
fn after(refusal: &Error, target: &DueTarget) -> (TargetState, Duration) {
    let backoff = backoff(target);
    match refusal {
        Error::RateLimited { retry_after } => {
            let told = Duration::try_from(*retry_after).ok();
            match BUSY.next(target.attempts, told, spread(target)) {
                Some(wait) => (TargetState::Wanted, wait),
                None => (TargetState::Failed, backoff),
            }
        }
        Error::Unavailable { .. } | Error::Decode | Error::NotFound => {
            (TargetState::Wanted, backoff)
        }
        Error::AlreadyExists { .. } => (TargetState::Pending, backoff),
        _ => (TargetState::Failed, backoff),
    }
}

fn backoff(target: &DueTarget) -> Duration {
    RETRY.next(target.attempts, None, spread(target)).unwrap_or(RETRY.longest)
}

/// Sets apart what was refused together.
fn spread(target: &DueTarget) -> u8 {
    let text = format!("{}/{}/{}", target.twitch_user_id, target.kind, target.attempts);
    Sha256::digest(text.as_bytes())[0]
}

async fn remove(app: &App, target: &DueTarget) -> sqlx::Result<()> {
    if let Some(id) = &target.subscription_id {
        let deleted =
            with_token(
                app,
                |token| async move { app.twitch.delete_subscription(&token, id).await },
            );
        if let Err(error) = deleted.await {
            tracing::warn!(%error, subscription.id = id, "a subscription could not be deleted");
            let next_try_at = app.clock.now() + backoff(target);
            return subscriptions::put_off(&app.pool, target, next_try_at).await;
        }
    }
    subscriptions::removed(&app.pool, target).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(attempts: i32) -> DueTarget {
        DueTarget {
            twitch_user_id: TwitchUserId::from("7"),
            kind: "stream.online".to_owned(),
            with_user: String::new(),
            state: TargetState::Wanted,
            subscription_id: None,
            attempts,
            streamer_removed: false,
        }
    }

    #[test]
    fn waits_grow_up_to_six_hours() {
        for (attempts, minutes) in [(2, 1), (3, 2), (4, 4), (10, 256), (11, 360), (99, 360)] {
            let wait = backoff(&target(attempts));
            let least = Duration::minutes(minutes);
            assert!(wait >= least && wait <= least * 1.25, "{attempts}: {wait}");
        }
    }

    #[test]
    fn limit_that_never_ends_is_asked_ever_more_seldom_and_shown_at_last() {
        let busy = |attempts| {
            let refusal = Error::RateLimited { retry_after: std::time::Duration::from_secs(1) };
            after(&refusal, &target(attempts))
        };
        let (mut tried, mut passed) = (0, Duration::ZERO);
        while let (TargetState::Wanted, wait) = busy(tried + 1) {
            (tried, passed) = (tried + 1, passed + wait);
        }
        assert_eq!(tried, 11);
        assert!(passed > Duration::minutes(30), "{passed}");
        assert!(busy(12).1 >= Duration::hours(6));
    }
}
