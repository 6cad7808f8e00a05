//! Announcements that wait for the second look: decided once viewers have been counted.

use super::rules::{self, Look, Stream};
use crate::{App, guilds::presence};
use sm_db::announce::{
    acceptance::END_DEBOUNCE,
    events::DueEvent,
    expansion,
    held::{self, decide},
};
use sm_types::announcement::NamedReason;
use time::OffsetDateTime;

/// Destinations per transaction.
const CHUNK: i64 = 1_000;

/// How many of those that waited were decided about.
pub(super) enum Released {
    /// So many, and there may be more.
    Some(usize),
    All,
}

/// Decides about the next chunk of what waits for this look.
pub(super) async fn release(app: &App, due: &DueEvent) -> sqlx::Result<Released> {
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    let event = expansion::begin(&mut *transaction, due.event_id, due.attempts).await?;
    // Another worker may have taken it over: then it is for that one to go on.
    let Some(event) = event else { return Ok(Released::All) };
    let mut found = expansion::awaiting_viewers(&mut *transaction, &event, now, CHUNK).await?;
    presence::plan_looks(&mut transaction, &mut found).await?;
    let planned = rules::decide(&Stream::of(&event, Look::Second), &found, now);
    decide(&mut transaction, &event, &planned, now).await?;
    let more = found.len() as i64 == CHUNK;
    if !more {
        // Their destinations are gone.
        held::give_up(&mut *transaction, due.session_id, NamedReason::DestinationRemoved).await?;
    }
    transaction.commit().await?;
    if !found.is_empty() {
        tracing::info!(
            event.id = %due.event_id, streamer.login = due.login, viewers = event.seen.viewers,
            chunk.destinations = found.len(), "decided about announcements that waited for viewers"
        );
    }
    Ok(if more { Released::Some(found.len()) } else { Released::All })
}

/// Whether what waits goes on waiting, since the end of its stream is not sure yet; else it is given up.
pub(super) async fn wait_for_end(
    app: &App,
    due: &DueEvent,
    ended_at: OffsetDateTime,
) -> sqlx::Result<bool> {
    if !held::exist(&app.pool, due.session_id).await? {
        return Ok(false);
    }
    if app.clock.now() < ended_at + END_DEBOUNCE {
        return Ok(true);
    }
    held::give_up(&app.pool, due.session_id, NamedReason::StreamEnded).await?;
    Ok(false)
}
