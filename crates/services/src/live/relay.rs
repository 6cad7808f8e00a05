//! Brings what is told to the sockets of this process.
//!
//! It looks as soon as somebody here has told something, or another process says so, and every so often for what
//! nobody has said.

use super::{
    facts,
    hub::{Close, FEEDS, Hub, SESSIONS},
    keeper,
};
use crate::{App, LazyApp};
use futures_util::future::join_all;
use sm_db::live::topics;
use sm_types::live::Topic;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// At the least between two looks: what is said meanwhile goes out together.
const PACE: Duration = Duration::from_millis(20);
/// How often everything is looked at, while nobody is sure to tell of what other processes do.
const POLL: Duration = Duration::from_secs(1);
/// How long to wait when the database did not answer.
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// Topics that are looked at side by side.
const AT_ONCE: usize = 8;
/// Bytes of a notification at most; Postgres takes 7,999.
const MAX_NOTIFIED: usize = 7_500;

/// Works until the app stops.
pub async fn run(lazy: LazyApp) {
    let mut next_poll = Instant::now() + POLL;
    while let Ok(app) = lazy.get().await {
        tokio::select! {
            () = app.hub().woken() => {}
            () = sleep_until(next_poll) => {
                app.hub().suspect_all();
                next_poll = Instant::now() + POLL;
            }
            () = app.stopped() => return,
        }
        if let Err(error) = look(&app).await {
            tracing::warn!(%error, "what is new in the rooms could not be read");
            app.hub().suspect_all();
            sleep(AFTER_ERROR).await;
        }
        sleep(PACE).await;
    }
}

/// Looks at every topic in which there may be something new, until there is nothing left.
async fn look(app: &App) -> sqlx::Result<()> {
    announce(app).await;
    if app.hub().take_suspicion() {
        keeper::note(app).await.inspect_err(|_| app.hub().suspect_sessions())?;
    }
    loop {
        let dirty = app.hub().take_dirty();
        if dirty.is_empty() {
            return Ok(());
        }
        for some in dirty.chunks(AT_ONCE) {
            let looks = some.iter().map(|topic| bring(app, *topic));
            for looked in join_all(looks).await {
                looked?;
            }
        }
    }
}

/// Brings what is new in a topic, if anybody here listens to it.
pub(super) async fn bring(app: &App, topic: Topic) -> sqlx::Result<()> {
    while let Some(place) = app.hub().place(topic) {
        let told = facts::after(app, topic, place.position).await?;
        if told.is_empty() {
            break;
        }
        app.hub().broadcast(topic, told);
    }
    Ok(())
}

/// Tells other processes. One that does not hear it looks by itself.
async fn announce(app: &App) {
    let mut batch: Vec<String> = Vec::new();
    let mut bytes = 0;
    for what in app.hub().take_announcements() {
        if bytes + what.len() + 1 > MAX_NOTIFIED {
            notify(app, &std::mem::take(&mut batch)).await;
            bytes = 0;
        }
        bytes += what.len() + 1;
        batch.push(what);
    }
    if !batch.is_empty() {
        notify(app, &batch).await;
    }
}

async fn notify(app: &App, what: &[String]) {
    if let Err(error) = topics::notify(&app.pool, what).await {
        tracing::warn!(%error, "other processes could not be told what is new");
    }
}

/// What another process has told, as [`topics::notify`] wrote it.
pub fn heard(hub: &Hub, payload: &str) {
    for word in payload.split(' ') {
        if let Ok(topic) = word.parse::<Topic>() {
            hub.woken_by_another(topic);
        } else if let Some(gone) = word.strip_prefix("connection:") {
            hub.cut(Close::Replaced, |id, _, _| id == gone);
        } else if word == SESSIONS {
            hub.suspect_sessions();
        } else if word == FEEDS {
            hub.suspect_feeds();
        }
    }
}
