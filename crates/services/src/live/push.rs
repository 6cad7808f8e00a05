//! Brings what is told to the sockets at API Gateway.
//!
//! Whoever tells something rings where somebody there listens. A worker takes the topics that have gone on, each for
//! itself alone, sends to every listener what is new, and then notes how far it has come: one that dies leaves the
//! rest to the next. What is sent twice, or not at all, a client sees by the places in it.

use super::{
    access::{Listener, listener},
    facts,
    frames::{Told, pages, written},
    hub::{FEEDS, SESSIONS},
    line::{Close, Frame},
};
use crate::{App, guilds::access::Unknown};
use futures_util::{StreamExt, TryStreamExt, future::join_all, stream};
use sm_aws::{
    Gateway, Pushed, Ring,
    metrics::{Counter, Gauge},
};
use sm_db::live::{
    connections::{self, Listening},
    pushes::{self, Claimed, Progress},
    topics,
};
use sm_types::live::{FeedKinds, ServerFrame, Topic};
use std::{collections::HashMap, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

/// No page of listeners is begun this long before the deadline.
const STOP_BEFORE: Duration = Duration::from_secs(5);
/// How long a worker keeps a topic to itself after it was heard of last.
const LEASE: time::Duration = time::Duration::SECOND.saturating_mul(60);
/// Topics that one worker takes at once.
const TOPICS: i64 = 8;
/// Listeners that are read at once.
const PAGE: i64 = 500;
/// Rights that are looked up side by side.
pub(super) const LOOKUPS: usize = 4;
/// Pushes under way at once, of one topic.
const AT_ONCE: usize = 32;
/// How long to wait before each further try.
const WAITS: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1_600)];
/// Connections whose session has ended, of one look.
const ENDED: i64 = 200;

/// Pushes what is new until nothing is left or `deadline` is near; rings again when something is left.
pub async fn run(app: &App, deadline: Instant) -> sqlx::Result<()> {
    let Some(gateway) = &app.gateway else { return Ok(()) };
    let stop_at = deadline.checked_sub(STOP_BEFORE).unwrap_or(deadline);
    while Instant::now() < stop_at && !app.is_stopping() {
        let now = app.clock.now();
        let claimed = pushes::claim(&app.pool, now, now + LEASE, TOPICS).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        let each = claimed.iter().map(|claimed| bring(app, gateway, claimed, stop_at));
        for brought in join_all(each).await {
            brought?;
        }
    }
    app.doorbell.ring_and_wait(Ring::Live).await;
    Ok(())
}

/// Brings what is new in a topic to everybody who listens to it.
async fn bring(
    app: &App,
    gateway: &Gateway,
    claimed: &Claimed,
    stop_at: Instant,
) -> sqlx::Result<()> {
    let Ok(topic) = claimed.topic.parse::<Topic>() else { return Ok(()) };
    let mut position = claimed.position;
    let mut looked_to = position;
    while Instant::now() < stop_at {
        // First: everything up to this place is visible to what is read next.
        let place = topics::place(&app.pool, topic).await?.position;
        let told = facts::after(app, topic, position).await?;
        let Some(last) = told.last() else {
            looked_to = place;
            break;
        };
        let told_at = told.first().map(|told| told.at);
        if !to_everybody(app, gateway, (topic, position), &told, stop_at).await? {
            break;
        }
        note_lag(app, told_at);
        (position, looked_to) = (last.place.position, last.place.position);
        let progress = Progress { claimed, position, looked_to };
        if !pushes::advance(&app.pool, progress, app.clock.now() + LEASE).await? {
            tracing::warn!(%topic, "a worker was too slow with a topic: another has taken it");
            return Ok(());
        }
    }
    // It is given back; whoever has rung meanwhile is answered by the next look.
    let progress = Progress { claimed, position, looked_to };
    pushes::advance(&app.pool, progress, OffsetDateTime::UNIX_EPOCH).await.map(drop)
}

/// Notes how long what was told has waited.
pub(super) fn note_lag(app: &App, told_at: Option<OffsetDateTime>) {
    if let Some(at) = told_at {
        let lag = (app.clock.now() - at).whole_milliseconds().max(0);
        Gauge::PushLag.note(i64::try_from(lag).unwrap_or(i64::MAX));
    }
}

/// Sends what was told behind a position to every listener, page after page; false when the time is up before all have them.
async fn to_everybody(
    app: &App,
    gateway: &Gateway,
    (topic, position): (Topic, i64),
    told: &[Told],
    stop_at: Instant,
) -> sqlx::Result<bool> {
    let mut after = String::new();
    // Written once for all who may see the same.
    let mut written: HashMap<FeedKinds, Arc<[Frame]>> = HashMap::new();
    loop {
        let page = connections::listening(&app.pool, topic, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(true) };
        if Instant::now() >= stop_at {
            return Ok(false);
        }
        after.clone_from(&last.connection_id);
        let seen = stream::iter(page).map(|listening| seen_by(app, topic, listening));
        let seen: Vec<_> = seen.buffer_unordered(LOOKUPS).try_collect().await?;
        let mut each = Vec::with_capacity(seen.len());
        for (id, sees) in seen.into_iter().flatten() {
            let frames = written.entry(sees);
            let frames = frames.or_insert_with(|| pages(topic, sees, position, told).into());
            each.push((id, frames.clone()));
        }
        let each = each.into_iter().map(|(id, frames)| async move {
            let there = in_order(app, gateway, &id, &frames).await;
            (!there).then_some(id)
        });
        let gone = stream::iter(each).buffer_unordered(AT_ONCE);
        let gone: Vec<String> = gone.filter_map(std::future::ready).collect().await;
        if !gone.is_empty() {
            connections::gone(&app.pool, &gone).await?;
        }
    }
}

/// A connection and what it may see of a topic; `None`: it does not listen any more.
///
/// Where that is in doubt and cannot be looked up, nothing; what was withheld stands in the feed's history.
async fn seen_by(
    app: &App,
    topic: Topic,
    listening: Listening,
) -> sqlx::Result<Option<(String, FeedKinds)>> {
    let Listening { connection_id, session_id, sees } = listening;
    if let Some(sees) = sees {
        return Ok(Some((connection_id, sees)));
    }
    let looked_up = listener(app, session_id, topic).await;
    settle(app, &connection_id, topic, &looked_up).await?;
    let sees = match looked_up {
        Ok(Listener::Watcher(sees)) => sees,
        Ok(_) => return Ok(None),
        Err(_) => FeedKinds::NONE,
    };
    Ok(Some((connection_id, sees)))
}

/// Records what a connection at the gateway may see from now on. Where Discord does not answer, a right stays as it is.
pub(super) async fn settle(
    app: &App,
    id: &str,
    topic: Topic,
    looked_up: &Result<Listener, Unknown>,
) -> sqlx::Result<()> {
    match looked_up {
        Ok(Listener::Nobody) => {
            connections::unsubscribe(&app.pool, id, topic).await?;
            let reason = "not_allowed";
            tell(app, id, &ServerFrame::Unsubscribed { topic, reason }).await;
            Ok(())
        }
        Ok(Listener::Watcher(sees)) => connections::see(&app.pool, id, topic, *sees).await,
        Ok(Listener::Member | Listener::Moderator | Listener::SignedOut) | Err(_) => Ok(()),
    }
}

/// Sends frames to one connection; false when it is gone.
async fn in_order(app: &App, gateway: &Gateway, id: &str, frames: &[Frame]) -> bool {
    for frame in frames {
        match post(app, gateway, id, frame).await {
            Pushed::Sent => {}
            Pushed::Gone => return false,
            // It has missed something, and whatever follows tells it so.
            Pushed::Limited | Pushed::Failed(_) => return true,
        }
    }
    true
}

/// Sends a frame, trying again for a while.
async fn post(app: &App, gateway: &Gateway, id: &str, frame: &str) -> Pushed {
    let mut waits = WAITS.iter();
    loop {
        let pushed = gateway.post(id, frame, app.clock.now()).await;
        match &pushed {
            Pushed::Sent => Counter::FramePushed.count(),
            Pushed::Gone => Counter::PushGone.count(),
            Pushed::Limited | Pushed::Failed(_) => {}
        }
        if matches!(pushed, Pushed::Sent | Pushed::Gone) {
            return pushed;
        }
        let Some(wait) = waits.next() else {
            Counter::PushFailed.count();
            tracing::warn!(connection.id = id, ?pushed, "a frame did not reach its socket");
            return pushed;
        };
        sleep(*wait).await;
    }
}

/// Sends what was collected for one connection.
pub(super) async fn post_all(app: &App, id: &str, frames: &mut Vec<Frame>) {
    let frames = std::mem::take(frames);
    if let Some(gateway) = &app.gateway {
        in_order(app, gateway, id, &frames).await;
    }
}

/// Sends a frame to one connection.
pub(super) async fn tell(app: &App, id: &str, frame: &ServerFrame) {
    post_all(app, id, &mut vec![written(frame)]).await;
}

/// Closes connections, and forgets them. Of itself the gateway tells nobody why.
pub async fn close(app: &App, ids: &[String], why: Close) -> sqlx::Result<()> {
    let Some(gateway) = &app.gateway else { return Ok(()) };
    let closing = written(&ServerFrame::Closing { code: why.code(), reason: why.reason() });
    for some in ids.chunks(AT_ONCE) {
        join_all(some.iter().map(|id| close_one(app, gateway, id, &closing))).await;
    }
    connections::close(&app.pool, ids).await
}

async fn close_one(app: &App, gateway: &Gateway, id: &str, closing: &str) {
    if gateway.post(id, closing, app.clock.now()).await == Pushed::Gone {
        return;
    }
    if let Pushed::Failed(error) = gateway.close(id, app.clock.now()).await {
        tracing::warn!(connection.id = id, %error, "a socket could not be closed");
    }
}

/// Closes connections whose session has ended; some of them, where they are many.
pub async fn close_ended(app: &App) -> sqlx::Result<()> {
    let ended = connections::ended_at_gateway(&app.pool, app.clock.now(), ENDED).await?;
    if ended.is_empty() { Ok(()) } else { close(app, &ended, Close::SessionEnded).await }
}

/// Sees to it that what was told here reaches the sockets at the gateway.
pub(super) async fn carry(app: &App, words: Vec<String>) -> sqlx::Result<()> {
    let (topics, others): (Vec<_>, Vec<_>) =
        words.into_iter().partition(|word| word.parse::<Topic>().is_ok());
    if !topics.is_empty() && connections::is_listened_to(&app.pool, &topics).await? {
        app.doorbell.ring(Ring::Live).await;
    }
    let replaced = others.iter().filter_map(|word| word.strip_prefix("connection:"));
    let replaced: Vec<String> = replaced.map(str::to_owned).collect();
    if !replaced.is_empty() {
        close(app, &replaced, Close::Replaced).await?;
    }
    if others.iter().any(|word| word == SESSIONS) {
        close_ended(app).await?;
    }
    if others.iter().any(|word| word == FEEDS) {
        connections::doubt_feeds(&app.pool).await?;
    }
    Ok(())
}
