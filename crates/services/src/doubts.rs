//! Absence is a doubt, not a fact: what a remote does not list, or refuses, is looked at twice before
//! anything follows from it (docs/adr/0008).
//!
//! Whoever misses something notes it here and does what the verdict says. Whoever finds it again clears the
//! doubt, and gives back what was taken away. What a remote tells by itself (a signed revocation, an event) is a
//! fact and needs none of this.

use crate::App;
use sm_aws::metrics::Counter;
use sm_db::doubts::{self as db, Doubt};
use time::{Duration, OffsetDateTime};

/// What seems to be gone; the subject of the doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// An account on Twitch; its id.
    StreamerGone,
    /// A stream of which no webhook has told the end; its id.
    StreamEnded,
    /// A subscription at Twitch; streamer and type: `7/stream.online`.
    SubscriptionMissing,
    /// A server that the bot is not in; its id.
    GuildLeft,
    /// A channel; its id.
    ChannelDeleted,
    /// A channel that the bot may not see; its id.
    AccessLost,
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    GetUsers,
    GetStreams,
    /// Twitch's list of all subscriptions.
    SubscriptionList,
    /// Twitch, asked for the one subscription.
    Subscription,
    /// Discord's list of the servers that the bot is in.
    GuildList,
    /// Discord, asked for the one server, channel or member.
    Lookup,
    /// Discord, refusing a message.
    Delivery,
}

/// When a second look may decide.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// How long one source alone has to go on saying so.
    again: Duration,
    /// How long after the first look another source may confirm it.
    other: Duration,
    /// How long a list that lacks most of what it had has to go on lacking it; never believed without.
    lacking_most: Option<Duration>,
}

/// What follows from a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Wait { look_again_at: OffsetDateTime },
    /// It is gone.
    Believe,
}

impl Absence {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StreamerGone => "streamer_gone",
            Self::StreamEnded => "stream_ended",
            Self::SubscriptionMissing => "subscription_missing",
            Self::GuildLeft => "guild_left",
            Self::ChannelDeleted => "channel_deleted",
            Self::AccessLost => "access_lost",
        }
    }

    fn rule(self) -> Rule {
        let (hours, minutes) = (Duration::hours, Duration::minutes);
        let (again, other, lacking_most) = match self {
            // Its subscriptions are deleted. Twitch tells of a removed account by itself: nothing is urgent.
            Self::StreamerGone => (hours(1), minutes(10), None),
            // Many streams may have ended while we were away, so a list without them is right some day.
            Self::StreamEnded => (minutes(4), minutes(1), Some(minutes(30))),
            // All that follows is that it is created again, which Twitch refuses when it is there.
            Self::SubscriptionMissing => (minutes(5), Duration::ZERO, Some(minutes(5))),
            // Its subscriptions are deleted and its admins turned away.
            Self::GuildLeft => (hours(1), minutes(5), None),
            // One announcement hangs on it: two sources may decide at once.
            Self::ChannelDeleted | Self::AccessLost => (minutes(10), Duration::ZERO, None),
        };
        Rule { again, other, lacking_most }
    }
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GetUsers => "get_users",
            Self::GetStreams => "get_streams",
            Self::SubscriptionList => "subscription_list",
            Self::Subscription => "subscription",
            Self::GuildList => "guild_list",
            Self::Lookup => "lookup",
            Self::Delivery => "delivery",
        }
    }
}

/// Whether a doubt has been confirmed by now, by time or by another source.
pub fn judge(absence: Absence, doubt: &Doubt, now: OffsetDateTime) -> Verdict {
    let Rule { again, other, .. } = absence.rule();
    let confirmed = doubt.sources.len() > 1 && now - doubt.since >= other;
    if confirmed || lasts(doubt, again, now) {
        return Verdict::Believe;
    }
    let next = if now < doubt.since + other { other } else { again };
    Verdict::Wait { look_again_at: (doubt.since + next).max(now) }
}

fn lasts(doubt: &Doubt, long: Duration, now: OffsetDateTime) -> bool {
    doubt.looks > 1 && now - doubt.since >= long
}

/// Whether a list may be right that lacks so many of those that it had.
///
/// Of a few all may be gone, and it is left to the second look to decide.
pub fn plausible(known: usize, missing: usize) -> bool {
    known < 4 || missing * 2 <= known
}

/// Notes that a source says that something is gone.
pub async fn doubt(
    app: &App,
    absence: Absence,
    subject: &str,
    source: Source,
) -> sqlx::Result<Verdict> {
    let now = app.clock.now();
    let noted = db::note(&app.pool, absence.as_str(), &[subject], source.as_str(), now).await?;
    let verdict = noted.first().map_or(Verdict::Believe, |doubt| judge(absence, doubt, now));
    match verdict {
        Verdict::Believe => db::believe(&app.pool, absence.as_str(), &[subject], now).await?,
        Verdict::Wait { look_again_at } => tracing::info!(
            absence = absence.as_str(), subject, source = source.as_str(), %look_again_at,
            "something seems to be gone; another look decides"
        ),
    }
    Ok(verdict)
}

/// Notes what a list lacks of the `known` that it should have; those that are believed to be gone.
///
/// A list that lacks most of them is told to the operator, and nothing follows from it for now.
pub async fn missing(
    app: &App,
    absence: Absence,
    source: Source,
    known: usize,
    subjects: &[&str],
) -> sqlx::Result<Vec<Doubt>> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let plausible = plausible(known, subjects.len());
    if !plausible {
        Counter::ListDoubted.count();
        tracing::warn!(
            absence = absence.as_str(),
            source = source.as_str(),
            known,
            missing = subjects.len(),
            event = "list_doubted",
            "a list lacks most of what it had: it is not believed"
        );
    }
    let lacking_most = absence.rule().lacking_most;
    if !plausible && lacking_most.is_none() {
        return Ok(Vec::new());
    }
    let now = app.clock.now();
    let mut noted = db::note(&app.pool, absence.as_str(), subjects, source.as_str(), now).await?;
    noted.retain(|doubt| match lacking_most.filter(|_| !plausible) {
        Some(long) => lasts(doubt, long, now),
        None => judge(absence, doubt, now) == Verdict::Believe,
    });
    if !noted.is_empty() {
        let believed: Vec<_> = noted.iter().map(|doubt| doubt.subject.as_str()).collect();
        db::believe(&app.pool, absence.as_str(), &believed, now).await?;
    }
    Ok(noted)
}

/// Ends doubts about what is there after all; those that had been believed, of which something is to be restored.
pub async fn clear(app: &App, absence: Absence, subjects: &[&str]) -> sqlx::Result<Vec<String>> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    db::clear(&app.pool, absence.as_str(), subjects).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Absence; 6] = [
        Absence::StreamerGone,
        Absence::StreamEnded,
        Absence::SubscriptionMissing,
        Absence::GuildLeft,
        Absence::ChannelDeleted,
        Absence::AccessLost,
    ];

    fn doubt(looks: i32, sources: &[Source]) -> Doubt {
        Doubt {
            subject: "7".to_owned(),
            since: OffsetDateTime::UNIX_EPOCH,
            looks,
            sources: sources.iter().map(|source| source.as_str().to_owned()).collect(),
            believed_at: None,
        }
    }

    #[test]
    fn first_look_never_decides_and_says_when_to_look_again() {
        for absence in ALL {
            for minutes in [0, 100_000] {
                let now = OffsetDateTime::UNIX_EPOCH + Duration::minutes(minutes);
                let verdict = judge(absence, &doubt(1, &[Source::Lookup]), now);
                let Verdict::Wait { look_again_at } = verdict else { panic!("{absence:?}") };
                assert!(look_again_at >= now, "{absence:?}");
            }
        }
    }

    #[test]
    fn second_look_decides_after_its_wait_or_by_another_source() {
        use Source::{
            Delivery, GetStreams, GetUsers, GuildList, Lookup, Subscription, SubscriptionList,
        };
        for (absence, one, other, again_s, other_s) in [
            (Absence::StreamerGone, GetUsers, Subscription, 3600, 600),
            (Absence::StreamEnded, GetStreams, Lookup, 240, 60),
            (Absence::SubscriptionMissing, SubscriptionList, Subscription, 300, 0),
            (Absence::GuildLeft, GuildList, Lookup, 3600, 300),
            (Absence::ChannelDeleted, Delivery, Lookup, 600, 0),
            (Absence::AccessLost, Delivery, Lookup, 600, 0),
        ] {
            let believed = |sources: &[Source], seconds| {
                let now = OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds);
                judge(absence, &doubt(2, sources), now) == Verdict::Believe
            };
            assert!(!believed(&[one], again_s - 1) && believed(&[one], again_s), "{absence:?}");
            assert!(believed(&[one, other], other_s), "{absence:?}");
            assert!(other_s == 0 || !believed(&[one, other], other_s - 1), "{absence:?}");
        }
    }

    #[test]
    fn list_that_lacks_most_is_implausible_unless_it_is_small() {
        for (known, missing, expected) in [
            (1, 1, true),
            (3, 3, true),
            (4, 2, true),
            (4, 3, false),
            (8, 8, false),
            (100, 50, true),
        ] {
            assert_eq!(plausible(known, missing), expected, "{missing} of {known}");
        }
    }
}
