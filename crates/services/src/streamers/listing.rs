//! Get Streams beside our sessions: what no webhook told of is found, what the list's lag makes it
//! say is not believed.
//!
//! The list is behind by a minute or more at both ends of a stream, and now and then a page of it is
//! stale or empty. So it takes two comparisons in a row to change a session that we know, and a
//! webhook counts more than both.

use crate::App;
use sm_db::announce::{
    acceptance::{self, Accepted, Notice, StreamStart},
    stream_sessions::{self, Compared},
};
use sm_twitch::Stream;
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
    /// Something else, for the first time.
    Contradicts,
    /// For the second time in a row that it has ended; it was first missing at this time.
    Ended(OffsetDateTime),
    /// For the second time in a row that it has not ended.
    Goes,
}

/// Compares what Twitch lists of these streamers with our sessions: lost events are accepted late.
pub(super) async fn compare(
    app: &App,
    streamers: &[TwitchUserId],
    live: &[Stream],
) -> sqlx::Result<Streams> {
    let now = app.clock.now();
    let listed: Vec<_> = live.iter().map(|stream| &stream.id).collect();
    let known = stream_sessions::compared(&app.pool, streamers, &listed).await?;
    let mut found = Streams::default();
    for stream in live.iter().filter(|stream| is_news(stream, &known, now)) {
        found.started += usize::from(started(app, stream, now).await?);
    }
    let (mut contradicted, mut confirmed) = (Vec::new(), Vec::new());
    for session in &known {
        let stream = live.iter().find(|stream| stream.id == session.stream_id);
        match verdict(session, stream.is_some(), is_newest(session, &known), now) {
            Verdict::Agrees if session.contradicted_at.is_some() => {
                confirmed.push(session.session_id);
            }
            Verdict::Agrees | Verdict::Unsettled => {}
            Verdict::Contradicts => contradicted.push(session.session_id),
            Verdict::Ended(at) => {
                ended(app, session, at).await?;
                found.ended += 1;
            }
            Verdict::Goes => resumed(app, session, now).await?,
        }
    }
    if !contradicted.is_empty() || !confirmed.is_empty() {
        stream_sessions::set_contradicted(&app.pool, &contradicted, &confirmed, now).await?;
    }
    Ok(found)
}

/// Whether a listed stream is one that we have missed, rather than one that is over.
fn is_news(stream: &Stream, known: &[Compared], now: OffsetDateTime) -> bool {
    let started_at = stream.started_at.unwrap_or(now);
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

fn verdict(session: &Compared, listed: bool, newest: bool, now: OffsetDateTime) -> Verdict {
    let agrees = listed == session.ended_at.is_none();
    let settled = match session.ended_at {
        None => now - session.started_at > LISTED_AFTER_START,
        // What another stream has followed does not come back.
        Some(ended_at) => newest && now - ended_at > LISTED_AFTER_END,
    };
    match (agrees, session.contradicted_at) {
        (true, _) => Verdict::Agrees,
        (false, _) if !settled => Verdict::Unsettled,
        (false, Some(first)) if now - first >= SECOND_LOOK_AFTER => {
            if listed {
                Verdict::Goes
            } else {
                Verdict::Ended(first)
            }
        }
        (false, _) => Verdict::Contradicts,
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
        kind: "live",
        started_at,
        source: "reconciler",
        takes_back_end: false,
    };
    let accepted = acceptance::stream_online(&app.pool, &notice, &start).await?;
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
    acceptance::stream_online(&app.pool, &notice, &start).await?;
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
    acceptance::stream_offline(&app.pool, &notice, Some(&session.stream_id), expand_at).await?;
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
    fn list_is_believed_at_the_second_look_and_never_while_it_may_lag() {
        let open = |contradicted| session(None, contradicted);
        let over = |contradicted| session(Some(60), contradicted);
        for (session, listed, newest, minute, expected) in [
            (open(None), true, true, 5, Verdict::Agrees),
            (open(None), false, true, 9, Verdict::Unsettled),
            (open(None), false, true, 11, Verdict::Contradicts),
            (open(Some(11)), false, true, 11, Verdict::Contradicts),
            (open(Some(11)), false, true, 13, Verdict::Ended(at(11))),
            (over(None), false, true, 61, Verdict::Agrees),
            (over(None), true, true, 64, Verdict::Unsettled),
            (over(None), true, true, 66, Verdict::Contradicts),
            (over(Some(66)), true, true, 68, Verdict::Goes),
            (over(Some(66)), true, false, 68, Verdict::Unsettled),
        ] {
            let found = verdict(&session, listed, newest, at(minute));
            assert_eq!(found, expected, "{session:?}, minute {minute}");
        }
    }
}
