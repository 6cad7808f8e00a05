//! What keeps the sockets of this process right: who is still there, whose session has ended, who may listen no more.

use super::{
    access::{Listener, listener},
    line::Close,
};
use crate::{App, LazyApp};
use futures_util::{StreamExt, stream};
use sm_aws::metrics::Gauge;
use sm_db::live::{connections, topics};
use sm_types::live::Topic;
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// How often sockets are noted as open; others take one for gone that was not for ten minutes.
const NOTE_EVERY: Duration = Duration::from_secs(20);
/// How often rights are looked at again: what is known of them holds for five minutes.
const CHECK_EVERY: Duration = Duration::from_secs(120);
/// Rights that are looked up side by side.
const AT_ONCE: usize = 4;

/// Works until the app stops.
pub async fn run(lazy: LazyApp) {
    let mut checked = Instant::now();
    let mut next_note = checked + NOTE_EVERY;
    while let Ok(app) = lazy.get().await {
        tokio::select! {
            () = sleep_until(next_note) => next_note = Instant::now() + NOTE_EVERY,
            () = app.hub().feeds_suspected() => {
                check_some(&app, |topic| matches!(topic, Topic::Feed(_))).await;
                continue;
            }
            () = app.stopped() => return,
        }
        Gauge::OpenSockets.note(i64::try_from(app.hub().len()).unwrap_or(i64::MAX));
        if app.hub().is_empty() {
            continue;
        }
        if let Err(error) = note(&app).await {
            tracing::warn!(%error, "open sockets could not be noted");
        }
        if checked.elapsed() >= CHECK_EVERY {
            checked = Instant::now();
            check(&app).await;
        }
    }
}

/// Notes which sockets are open, and so who is there, and closes those whose session has ended.
pub async fn note(app: &App) -> sqlx::Result<()> {
    let open = app.hub().sessions();
    let ids: Vec<String> = open.iter().map(|(id, ..)| id.clone()).collect();
    connections::seen(&app.pool, &ids, app.clock.now()).await?;
    let sessions: HashSet<_> = open.iter().map(|(.., session)| *session).collect();
    let sessions: Vec<_> = sessions.into_iter().collect();
    let ended = topics::ended(&app.pool, &sessions, app.clock.now()).await?;
    if !ended.is_empty() {
        app.hub().cut(Close::SessionEnded, |_, _, session| ended.contains(&session));
    }
    for (id, user, session) in open {
        app.hub().tabs().here(id, user, session, None);
    }
    Ok(())
}

/// Looks at the rights of whoever listens: who has lost them hears nothing more. Where Discord does not answer, they
/// stay as they are.
pub async fn check(app: &App) {
    check_some(app, |_| true).await;
}

async fn check_some(app: &App, which: impl Fn(Topic) -> bool) {
    let mut wanted: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (id, session, topic) in app.hub().listeners() {
        if which(topic) {
            wanted.entry((session, topic)).or_default().push(id);
        }
    }
    let each =
        stream::iter(wanted).for_each_concurrent(AT_ONCE, async |((session, topic), ids)| {
            match listener(app, session, topic).await {
                Ok(Listener::Nobody) => {
                    ids.iter().for_each(|id| app.hub().leave(id, topic, "not_allowed"));
                }
                Ok(Listener::Watcher(sees)) => {
                    ids.iter().for_each(|id| app.hub().see(id, topic, sees));
                }
                _ => {}
            }
        });
    each.await;
}
