//! Brings what is told to the sockets of this process.
//!
//! It looks as soon as somebody here has told something, or another process says so, and every so often for what
//! nobody has said.

use super::{
    facts,
    hub::{FEEDS, Hub, SESSIONS},
    keeper,
    line::Close,
    push,
};
use crate::{App, LazyApp};
use futures_util::future::join_all;
use sm_aws::metrics::Counter;
use sm_db::live::{
    listener::{Heard, Listener},
    topics,
};
use sm_types::live::Topic;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// At the least between two looks: what is said meanwhile goes out together. The more sockets there are, the longer:
/// a frame costs the same with one event or with four.
const PACE: Duration = Duration::from_millis(20);
const PACE_PER_SOCKET: Duration = Duration::from_micros(12);
const SLOWEST_PACE: Duration = Duration::from_millis(80);
/// How often everything is looked at, while nobody tells of what other processes do.
const POLL: Duration = Duration::from_secs(1);
/// The same while they do.
const POLL_BEHIND: Duration = Duration::from_secs(10);
/// How long to wait before it is tried again whether notifications come.
const TRY_AGAIN: Duration = Duration::from_secs(60);
/// How much of the database's room for notifications may be taken before somebody should look who is behind with them.
const QUEUE_USED: f64 = 0.1;
/// How long to wait when the database did not answer.
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// Topics that are looked at side by side.
const AT_ONCE: usize = 8;
/// Bytes of a notification at most; Postgres takes 7,999.
const MAX_NOTIFIED: usize = 7_500;
/// Before the name of the process that tells something.
const BY: &str = "by:";

/// Works until the app stops.
pub async fn run(lazy: LazyApp) {
    let mut looked_at = Instant::now();
    while let Ok(app) = lazy.get().await {
        let poll = if app.hub().listens() { POLL_BEHIND } else { POLL };
        tokio::select! {
            () = app.hub().woken() => {}
            () = sleep_until(looked_at + poll) => {
                app.hub().suspect_all();
                looked_at = Instant::now();
            }
            () = app.stopped() => return,
        }
        if let Err(error) = look(&app).await {
            tracing::warn!(%error, "what is new in the rooms could not be read");
            app.hub().suspect_all();
            sleep(AFTER_ERROR).await;
        }
        let sockets = u32::try_from(app.hub().len()).unwrap_or(u32::MAX);
        sleep(PACE_PER_SOCKET.saturating_mul(sockets).clamp(PACE, SLOWEST_PACE)).await;
    }
}

/// Hears what other processes tell, until the app stops. Where they do not come through, [`run`] looks by itself.
pub async fn listen(lazy: LazyApp) {
    while let Ok(app) = lazy.get().await {
        let ended = tokio::select! {
            ended = hear(&app) => ended,
            () = app.stopped() => return,
        };
        app.hub().set_listens(false);
        Counter::PollOnly.count();
        let wait = match ended {
            Ok(()) => {
                tracing::info!("the database notifies of nothing here: rooms look each second");
                TRY_AGAIN
            }
            Err(error) => {
                tracing::warn!(%error, "the session for notifications is lost");
                AFTER_ERROR
            }
        };
        tokio::select! {
            () = sleep(wait) => {}
            () = app.stopped() => return,
        }
    }
}

/// Listens as long as the session holds; ends well where nothing comes through.
async fn hear(app: &App) -> sqlx::Result<()> {
    let Some(mut listener) = Listener::open(&app.pool).await? else { return Ok(()) };
    app.hub().set_listens(true);
    let mut told = false;
    loop {
        match listener.next().await? {
            Heard::Told(payload) => heard(app.hub(), &payload),
            Heard::Alive { used } => {
                if used > QUEUE_USED && !std::mem::replace(&mut told, true) {
                    tracing::error!(
                        used,
                        "the database's room for notifications fills up: a session that listens stays in a transaction"
                    );
                }
            }
        }
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
        let told_at = told.first().map(|told| told.at);
        let sent = app.hub().broadcast(topic, told);
        Counter::FramePushed.add(sent as u64);
        if sent > 0 {
            push::note_lag(app, told_at);
        }
    }
    Ok(())
}

/// Tells what this process has done: API Gateway's sockets, or other processes. One that does not hear it looks by
/// itself.
pub async fn announce(app: &App) {
    let words = app.hub().take_announcements();
    if words.is_empty() {
        return;
    }
    if app.gateway.is_some() {
        if let Err(error) = push::carry(app, words).await {
            tracing::warn!(%error, "sockets could not be told what is new: the sweep does it");
        }
        return;
    }
    let mut batch: Vec<String> = Vec::new();
    let mut bytes = 0;
    for what in words {
        if bytes + what.len() + 1 > MAX_NOTIFIED {
            notify(app, std::mem::take(&mut batch)).await;
            bytes = 0;
        }
        bytes += what.len() + 1;
        batch.push(what);
    }
    notify(app, batch).await;
}

async fn notify(app: &App, mut what: Vec<String>) {
    // We hear it too.
    what.insert(0, format!("{BY}{}", app.hub().name()));
    if let Err(error) = topics::notify(&app.pool, &what).await {
        tracing::warn!(%error, "other processes could not be told what is new");
    }
}

/// What a process has told.
fn heard(hub: &Hub, payload: &str) {
    let by = payload.split(' ').next().and_then(|word| word.strip_prefix(BY));
    if by == Some(hub.name()) {
        return;
    }
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
