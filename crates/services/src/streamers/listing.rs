//! Get Streams beside our sessions: what no webhook told of is found, what the list's lag makes it
//! say is not believed.
//!
//! The list is behind by a minute or more at both ends of a stream, and now and then a page of it is
//! stale or empty. What it lacks is a doubt; what it has although a webhook told of the end, has to be there
//! twice in a row. What it has although only the list itself had ended it, is live again at once.

use crate::{
    App,
    doubts::{self, Absence, Source},
    live::feeds,
};
use sm_db::announce::{
    acceptance::{self, Acceptance, Accepted, Notice, StreamEnd, StreamStart},
    stream_sessions::{self, Compared},
};
use sm_twitch::{List, Stream};
use sm_types::TwitchUserId;
use std::fmt::Display;
use time::{Duration, OffsetDateTime};

/// Get Streams goes on listing a stream after its end; what it lists longer has not ended.
pub const LISTED_AFTER_END: Duration = Duration::minutes(5);
/// A stream is missing from Get Streams for its first minutes.
const LISTED_AFTER_START: Duration = Duration::minutes(10);
/// Comparisons nearer to each other may have been answered from the same cache.
const SECOND_LOOK_AFTER: Duration = Duration::minutes(1);

/// What a run over the streams has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streams {
    /// Streams that we had not heard of.
    pub started: usize,
    /// Sessions that had ended without our hearing of it.
    pub ended: usize,
}

/// What the list says of a session that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The same as we.
    Agrees,
    /// Nothing: it may not have caught up yet.
    Unsettled,
    /// It should be there and is missing.
    Lacks,
    /// It is there, although a webhook has told of its end.
    Contradicts,
    /// It is there for the second time in a row, or only the list itself had ended it.
    Goes,
}

/// Compares what Twitch lists of these streamers with our sessions: lost events are accepted late.
pub(super) async fn compare(
    app: &App,
    streamers: &[TwitchUserId],
    live: &List<Stream>,
) -> sqlx::Result<Streams> {
    let now = app.clock.now();
    let listed: Vec<_> = live.iter().map(|stream| &stream.id).collect();
    let known = stream_sessions::compared(&app.pool, streamers, &listed).await?;
    let mut found = Streams::default();
    for stream in live.iter().filter(|stream| is_news(stream, &known, now)) {
        found.started += usize::from(started(app, stream, now).await?);
    }
    let there: Vec<_> = listed.iter().map(|id| id.as_str()).collect();
    let taken_back = doubts::clear(app, Absence::StreamEnded, &there).await?;
    let (mut contradicted, mut confirmed, mut lacking) = (Vec::new(), Vec::new(), Vec::new());
    for session in &known {
        let stream = live.iter().find(|stream| stream.id == session.stream_id);
        let sight = Sight {
            listed: stream.is_some(),
            newest: is_newest(session, &known),
            ended_by_us: taken_back.iter().any(|id| id == session.stream_id.as_str()),
        };
        match verdict(session, sight, now) {
            Verdict::Agrees if session.contradicted_at.is_some() => {
                confirmed.push(session.session_id);
            }
            Verdict::Agrees | Verdict::Unsettled => {}
            Verdict::Lacks => lacking.push(session),
            Verdict::Contradicts => contradicted.push(session.session_id),
            Verdict::Goes => resumed(app, session, now).await?,
        }
    }
    if !contradicted.is_empty() || !confirmed.is_empty() {
        stream_sessions::set_contradicted(&app.pool, &contradicted, &confirmed, now).await?;
    }
    if !live.whole {
        return Ok(found);
    }
    let expected = known.iter().filter(|session| should_be_listed(session, now)).count();
    found.ended = end(app, expected, &lacking).await?;
    Ok(found)
}

/// Ends the sessions that the list has lacked for long enough; how many.
async fn end(app: &App, expected: usize, lacking: &[&Compared]) -> sqlx::Result<usize> {
    let subjects: Vec<_> = lacking.iter().map(|session| session.stream_id.as_str()).collect();
    let absence = Absence::StreamEnded;
    let gone = doubts::missing(app, absence, Source::GetStreams, expected, &subjects).await?;
    for doubt in &gone {
        let session = lacking.iter().find(|s| s.stream_id.as_str() == doubt.subject);
        if let Some(session) = session {
            ended(app, session, doubt.since).await?;
        }
    }
    Ok(gone.len())
}

/// Whether a listed stream is one that we have missed, rather than one that is over.
fn is_news(stream: &Stream, known: &[Compared], now: OffsetDateTime) -> bool {
    let started_at = stream.started_at.unwrap_or(now);
    if stream.kind.is_none() {
        // Twitch cannot say what it is: it may be a rerun, and the next list tells.
        return false;
    }
    let same_or_later = |session: &Compared| {
        session.twitch_user_id == stream.user_id
            && (session.stream_id == stream.id || session.started_at > started_at)
    };
    !known.iter().any(same_or_later)
}

fn is_newest(session: &Compared, known: &[Compared]) -> bool {
    let later = |other: &Compared| {
        other.twitch_user_id == session.twitch_user_id && other.started_at > session.started_at
    };
    !known.iter().any(later)
}

/// How a list shows a session.
#[derive(Debug, Clone, Copy)]
struct Sight {
    listed: bool,
    /// Whether it is the last of its streamer.
    newest: bool,
    /// Whether it is there again after nobody but the list had ended it.
    ended_by_us: bool,
}

fn should_be_listed(session: &Compared, now: OffsetDateTime) -> bool {
    session.ended_at.is_none() && now - session.started_at > LISTED_AFTER_START
}

fn verdict(session: &Compared, sight: Sight, now: OffsetDateTime) -> Verdict {
    match session.ended_at {
        None if sight.listed => Verdict::Agrees,
        None if should_be_listed(session, now) => Verdict::Lacks,
        None => Verdict::Unsettled,
        Some(_) if !sight.listed => Verdict::Agrees,
        // What another stream has followed does not come back.
        Some(_) if !sight.newest => Verdict::Unsettled,
        Some(_) if sight.ended_by_us => Verdict::Goes,
        Some(ended_at) if now - ended_at <= LISTED_AFTER_END => Verdict::Unsettled,
        Some(_) => match session.contradicted_at {
            Some(first) if now - first >= SECOND_LOOK_AFTER => Verdict::Goes,
            _ => Verdict::Contradicts,
        },
    }
}

fn notice<'a>(
    message_id: &'a str,
    streamer: &'a TwitchUserId,
    occurred_at: OffsetDateTime,
    received_at: OffsetDateTime,
) -> Notice<'a> {
    Notice { message_id, occurred_at, received_at, streamer, login: "", display_name: "" }
}

fn message_id(what: &str, stream: impl Display, at: OffsetDateTime) -> String {
    format!("reconciler/{what}/{stream}/{}", at.unix_timestamp())
}

/// Accepts a stream without a session; false when a webhook was faster.
async fn started(app: &App, stream: &Stream, now: OffsetDateTime) -> sqlx::Result<bool> {
    let started_at = stream.started_at.unwrap_or(now);
    let message_id = message_id("online", &stream.id, started_at);
    // A late discovery is no fresh go-live: it expires like a late webhook.
    let notice = notice(&message_id, &stream.user_id, started_at, started_at.min(now));
    let start = StreamStart {
        stream_id: &stream.id,
        kind: stream.kind.as_deref().unwrap_or_default(),
        started_at,
        source: "reconciler",
        takes_back_end: false,
    };
    let Acceptance { accepted, told, .. } =
        feeds::tell_if_any(|feed| acceptance::stream_online(&app.pool, &notice, &start, feed))
            .await?;
    feeds::wake(app, &stream.user_id, told);
    app.hub().changes().stream(&stream.user_id);
    tracing::warn!(
        stream.id = %stream.id, streamer.id = %stream.user_id, ?accepted,
        late_s = (now - started_at).whole_seconds(), "found a stream that no webhook had told of"
    );
    Ok(matches!(accepted, Accepted::Queued { .. }))
}

/// Takes back an end, as the webhook of a stream that comes back under its id would have.
async fn resumed(app: &App, session: &Compared, now: OffsetDateTime) -> sqlx::Result<()> {
    let message_id = message_id("resumed", &session.stream_id, now);
    let start = StreamStart {
        stream_id: &session.stream_id,
        kind: "live",
        started_at: session.started_at,
        source: "reconciler",
        takes_back_end: true,
    };
    let notice = notice(&message_id, &session.twitch_user_id, now, now);
    let accepted =
        feeds::tell_if_any(|feed| acceptance::stream_online(&app.pool, &notice, &start, feed))
            .await?;
    feeds::wake(app, &session.twitch_user_id, accepted.told);
    app.hub().changes().stream(&session.twitch_user_id);
    tracing::warn!(
        stream.id = %session.stream_id, streamer.id = %session.twitch_user_id,
        "a stream that had ended goes on, and no webhook had told of it"
    );
    Ok(())
}

async fn ended(app: &App, session: &Compared, at: OffsetDateTime) -> sqlx::Result<()> {
    let now = app.clock.now();
    let message_id = message_id("offline", &session.stream_id, now);
    let notice = notice(&message_id, &session.twitch_user_id, at, now);
    let expand_at = now + acceptance::END_DEBOUNCE;
    let end = StreamEnd { stream_id: Some(&session.stream_id), expand_at, told: false };
    let accepted =
        feeds::tell_if_any(|feed| acceptance::stream_offline(&app.pool, &notice, end, feed))
            .await?;
    feeds::wake(app, &session.twitch_user_id, accepted.told);
    app.hub().changes().stream(&session.twitch_user_id);
    tracing::warn!(
        stream.id = %session.stream_id, streamer.id = %session.twitch_user_id,
        "found an end that no webhook had told of"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sm_types::{SessionId, StreamId};

    fn at(minute: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::minutes(minute)
    }

    fn session(ended: Option<i64>, contradicted: Option<i64>) -> Compared {
        Compared {
            session_id: SessionId(uuid::Uuid::nil()),
            twitch_user_id: TwitchUserId::from("1"),
            stream_id: StreamId("s".to_owned()),
            started_at: at(0),
            ended_at: ended.map(at),
            contradicted_at: contradicted.map(at),
        }
    }

    #[test]
    fn list_lags_at_both_ends_and_a_webhook_counts_more() {
        let open = session(None, None);
        let over = |contradicted| session(Some(60), contradicted);
        let sight = |listed| Sight { listed, newest: true, ended_by_us: false };
        let by_us = Sight { ended_by_us: true, ..sight(true) };
        for (session, sight, minute, expected) in [
            (&open, sight(true), 5, Verdict::Agrees),
            (&open, sight(false), 9, Verdict::Unsettled),
            (&open, sight(false), 11, Verdict::Lacks),
            (&over(None), sight(false), 61, Verdict::Agrees),
            (&over(None), sight(true), 64, Verdict::Unsettled),
            (&over(None), sight(true), 66, Verdict::Contradicts),
            (&over(Some(66)), sight(true), 68, Verdict::Goes),
            (&over(None), by_us, 61, Verdict::Goes),
            (&over(Some(66)), Sight { newest: false, ..by_us }, 68, Verdict::Unsettled),
        ] {
            let found = verdict(session, sight, at(minute));
            assert_eq!(found, expected, "{session:?}, {sight:?}, minute {minute}");
        }
    }
}
