//! Why was nothing posted? For any streamer and time, out of rows.

use crate::App;
use sm_db::{
    announce::asked::{self, Telling, Then},
    streamers::follows::{self, Filter},
};
use sm_types::{GuildId, TwitchUserId};
use time::{Duration, OffsetDateTime};

/// Somebody's memory of when it was, and Twitch's start of a stream, may be as far apart.
const ABOUT: Duration = Duration::minutes(30);

/// What it comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Something was posted.
    Posted,
    /// It is on its way.
    UnderWay,
    /// There was a stream, and each of its deliveries says why it was not posted.
    NotPosted,
    /// There was a stream; the server has begun to announce the streamer after its start.
    FollowedSince,
    /// The server does not announce the streamer.
    NotFollowed,
    /// There was no stream that we know of, and Twitch had not been asked to tell us, or could not.
    NotTold,
    /// Twitch would have told, and told of no stream.
    NoStream,
    /// It was before anything that is kept.
    TooLongAgo,
}

impl Verdict {
    /// A stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::UnderWay => "under_way",
            Self::NotPosted => "not_posted",
            Self::FollowedSince => "followed_since",
            Self::NotFollowed => "not_followed",
            Self::NotTold => "not_told",
            Self::NoStream => "no_stream",
            Self::TooLongAgo => "too_long_ago",
        }
    }

    /// In words, with what to do about it.
    pub fn explain(self) -> &'static str {
        match self {
            Self::Posted => "It was posted.",
            Self::UnderWay => "The announcement is on its way.",
            Self::NotPosted => {
                "There was a stream, and the server's settings or a fault kept it from being posted; each delivery says which."
            }
            Self::FollowedSince => {
                "There was a stream, and the server has announced this streamer only since after its start."
            }
            Self::NotFollowed => "The server did not announce this streamer. Add them.",
            Self::NotTold => {
                "We know of no stream, and Twitch did not tell us of this streamer then: the subscription was not there yet, or had failed."
            }
            Self::NoStream => {
                "Twitch told of no stream then. Test streams (bandwidth test) are not told of."
            }
            Self::TooLongAgo => {
                "Streams are kept for 180 days. What was before that cannot be told any more."
            }
        }
    }
}

/// The answer, with the rows it comes from.
#[derive(Debug, Clone)]
pub struct Answer {
    pub verdict: Verdict,
    /// Streams about that time, the latest first, each with its announcements in the server.
    pub streams: Vec<Then>,
    /// Since when the server announces the streamer.
    pub followed_since: Option<OffsetDateTime>,
    /// How Twitch tells of them, and since when.
    pub telling: Option<Telling>,
}

/// How long streams are kept at least.
const KEPT: Duration = Duration::days(180);

/// Finds out what became of a streamer's stream at a time, in a server.
pub async fn ask(
    app: &App,
    guild: GuildId,
    streamer: &TwitchUserId,
    at: OffsetDateTime,
) -> sqlx::Result<Answer> {
    let only = Filter { only: Some(streamer), ..Filter::default() };
    let (rows, streams, telling) = tokio::try_join!(
        follows::list(&app.pool, guild, only, 1),
        asked::streams(&app.pool, guild, streamer, (at - ABOUT, at + ABOUT)),
        asked::telling(&app.pool, streamer),
    )?;
    let followed_since = rows.first().map(|follow| follow.created_at);
    let verdict = verdict(&streams, followed_since, telling.as_ref(), at, app.clock.now());
    Ok(Answer { verdict, streams, followed_since, telling })
}

fn verdict(
    streams: &[Then],
    followed_since: Option<OffsetDateTime>,
    telling: Option<&Telling>,
    at: OffsetDateTime,
    now: OffsetDateTime,
) -> Verdict {
    let has = |wanted: &[&str]| {
        streams.iter().any(|then| then.status.as_deref().is_some_and(|it| wanted.contains(&it)))
    };
    if has(&["sent"]) {
        return Verdict::Posted;
    }
    if has(&["pending", "sending"]) {
        return Verdict::UnderWay;
    }
    if streams.iter().any(|then| then.delivery_id.is_some()) {
        return Verdict::NotPosted;
    }
    let Some(followed_since) = followed_since else { return Verdict::NotFollowed };
    if let Some(stream) = streams.first() {
        // What has just begun may not have been looked at yet.
        return if followed_since > stream.started_at {
            Verdict::FollowedSince
        } else {
            Verdict::UnderWay
        };
    }
    if at < now - KEPT {
        return Verdict::TooLongAgo;
    }
    if followed_since > at + ABOUT {
        return Verdict::NotFollowed;
    }
    match telling {
        Some(telling) if telling.state == "enabled" && telling.since <= at => Verdict::NoStream,
        _ => Verdict::NotTold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sm_types::SessionId;
    use time::macros::datetime;
    use uuid::Uuid;

    const AT: OffsetDateTime = datetime!(2026-12-01 20:00 UTC);
    const NOW: OffsetDateTime = datetime!(2026-12-01 22:00 UTC);

    fn stream(status: Option<&str>) -> Then {
        Then {
            session_id: SessionId(Uuid::nil()),
            started_at: AT,
            ended_at: None,
            source: "eventsub".to_owned(),
            delivery_id: status.map(|_| Uuid::nil()),
            channel_id: None,
            status: status.map(str::to_owned),
            reason: None,
            message_id: None,
            sent_at: None,
        }
    }

    #[test]
    fn every_case_has_its_answer() {
        let early = Some(AT - Duration::days(9));
        let enabled = |since| Telling { state: "enabled".to_owned(), since };
        let told = enabled(AT - Duration::days(1));
        let failed = Telling { state: "failed".to_owned(), ..told.clone() };
        let all = |states: &[Option<&str>]| states.iter().map(|s| stream(*s)).collect::<Vec<_>>();
        let table = [
            (all(&[Some("skipped"), Some("sent")]), early, Some(&told), Verdict::Posted),
            (all(&[Some("failed"), Some("pending")]), early, Some(&told), Verdict::UnderWay),
            (all(&[Some("skipped"), Some("expired")]), early, Some(&told), Verdict::NotPosted),
            (all(&[Some("failed")]), None, None, Verdict::NotPosted),
            (all(&[None]), early, Some(&told), Verdict::UnderWay),
            (all(&[None]), Some(NOW), Some(&told), Verdict::FollowedSince),
            (all(&[None]), None, None, Verdict::NotFollowed),
            (all(&[]), None, None, Verdict::NotFollowed),
            (all(&[]), Some(NOW), Some(&told), Verdict::NotFollowed),
            (all(&[]), early, Some(&failed), Verdict::NotTold),
            (all(&[]), early, None, Verdict::NotTold),
            (all(&[]), early, Some(&told), Verdict::NoStream),
        ];
        for (streams, since, telling, expected) in table {
            assert_eq!(verdict(&streams, since, telling, AT, NOW), expected, "{streams:?}");
        }
        let fresh = enabled(AT + Duration::MINUTE);
        assert_eq!(verdict(&[], early, Some(&fresh), AT, NOW), Verdict::NotTold);
        let long_ago = NOW - Duration::days(181);
        assert_eq!(verdict(&[], early, Some(&told), long_ago, NOW), Verdict::TooLongAgo);
    }
}
