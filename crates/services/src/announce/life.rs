//! A session between the go-live and the end, and after it: when its messages are refreshed, when a late recording is
//! looked for. docs/session-life.md tells the whole of it.

use super::details;
use crate::App;
use sm_db::announce::{
    acceptance::END_DEBOUNCE,
    events::{self, DueEvent},
    stream_sessions,
};
use time::{Duration, OffsetDateTime};

/// A refresh that could not be sent for so long is left to the next one.
pub(super) const REFRESH_EXPIRY: Duration = Duration::minutes(10);
/// When viewers are brought up to date, after the go-live; from then on every [`REFRESH_EVERY`].
const REFRESHES: [Duration; 4] =
    [Duration::minutes(2), Duration::minutes(10), Duration::minutes(30), Duration::minutes(60)];
const REFRESH_EVERY: Duration = Duration::minutes(30);
/// When a recording is looked for that was not there at the end.
const RECORDING_LOOKS: [Duration; 3] =
    [Duration::minutes(1), Duration::minutes(5), Duration::minutes(15)];
/// An edit waits this long for messages that are on their way.
const BUSY_WAIT: Duration = Duration::seconds(5);

/// How an event goes on.
pub(super) enum Step {
    /// To its destinations.
    Expand,
    /// The same again later.
    Wait(Duration),
    /// It leads to nothing, for this reason.
    Close(&'static str),
    /// It is closed already.
    Closed,
}

/// When a stream's messages are refreshed next.
pub(crate) fn next_refresh(started_at: OffsetDateTime, now: OffsetDateTime) -> OffsetDateTime {
    let age = now - started_at;
    let next = REFRESHES.into_iter().find(|after| *after > age).unwrap_or_else(|| {
        let rounds = age.whole_seconds() / REFRESH_EVERY.whole_seconds() + 1;
        REFRESH_EVERY * i32::try_from(rounds).unwrap_or(i32::MAX / 1800)
    });
    started_at + next
}

/// It is time for a refresh: it is one if viewers have changed. Twitch is not asked: `streamers/listing.rs` has counted.
pub(super) async fn refresh(app: &App, event: &DueEvent) -> sqlx::Result<Step> {
    let now = app.clock.now();
    if event.ended_at.is_some() {
        // While the end card waits, the end may be taken back.
        let closed = events::close_for_good(&app.pool, event, now).await?;
        return Ok(if closed { Step::Closed } else { Step::Wait(END_DEBOUNCE) });
    }
    if !event.prepared {
        let obstacles = stream_sessions::obstacles(&app.pool, event.session_id).await?;
        if obstacles.sending || obstacles.closing {
            return Ok(Step::Wait(BUSY_WAIT));
        }
        if !events::begin_refresh(&app.pool, event, now).await? {
            let next = next_refresh(event.started_at, now);
            events::finish_and_plan(&app.pool, event, now, "unchanged", next).await?;
            return Ok(Step::Closed);
        }
    }
    Ok(Step::Expand)
}

/// Has a recording looked for later on.
pub(super) async fn look_for_recording(app: &App, event: &DueEvent) -> sqlx::Result<()> {
    let now = app.clock.now();
    events::queue_recording(&app.pool, event.session_id, now, now + RECORDING_LOOKS[0]).await
}

/// Looks for the recording of a stream that has ended.
pub(super) async fn recording(app: &App, event: &DueEvent) -> sqlx::Result<Step> {
    if event.ended_at.is_none() {
        return Ok(Step::Close("resumed"));
    }
    if !event.prepared {
        let Some(url) = details::recording(app, event).await else {
            let next = usize::try_from(event.looks).ok().and_then(|n| RECORDING_LOOKS.get(n + 1));
            let Some(after) = next else { return Ok(Step::Close("not_found")) };
            events::postpone(&app.pool, event, event.received_at + *after, true).await?;
            return Ok(Step::Closed);
        };
        stream_sessions::set_vod(&app.pool, event.session_id, &url).await?;
        events::set_prepared(&app.pool, event).await?;
    }
    // End cards that are still to be sent show it themselves.
    let obstacles = stream_sessions::obstacles(&app.pool, event.session_id).await?;
    Ok(if obstacles.ending { Step::Wait(BUSY_WAIT) } else { Step::Expand })
}

/// It is time to remove messages of a stream that has ended, if it has.
pub(super) fn removal(event: &DueEvent) -> Step {
    if event.ended_at.is_none() { Step::Close("resumed") } else { Step::Expand }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refreshes_come_at_growing_intervals_and_none_twice() {
        let start = OffsetDateTime::UNIX_EPOCH;
        let mut at = start;
        let minutes: Vec<_> = std::iter::from_fn(|| {
            at = next_refresh(start, at);
            Some((at - start).whole_minutes())
        })
        .take(7)
        .collect();
        assert_eq!(minutes, [2, 10, 30, 60, 90, 120, 150]);
        let late = start + Duration::minutes(95);
        assert_eq!(
            next_refresh(start, late),
            start + Duration::minutes(120),
            "none is made up for"
        );
        assert_eq!(
            next_refresh(late, start),
            late + Duration::minutes(2),
            "a clock that is behind"
        );
    }
}
