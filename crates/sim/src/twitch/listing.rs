//! How far Get Streams is behind: it learns of a stream late, and goes on listing one that has ended.

use super::model::{Stream, User};
use time::{Duration, OffsetDateTime};

/// How long Get Streams lags behind EventSub, by the simulator's clock.
///
/// [`ListingLag::UNTIL_TOLD`] lasts until [`super::TwitchSim::catch_up`] is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListingLag {
    /// How long a stream that has begun is missing.
    pub start: Duration,
    /// How long a stream that has ended goes on being listed.
    pub end: Duration,
}

impl ListingLag {
    /// No lag: the list is always right, as it never is at Twitch.
    pub const NONE: Self = Self { start: Duration::ZERO, end: Duration::ZERO };
    /// What subscribers have to live with.
    ///
    /// A stream is missing for its first 30 to 60 seconds (twitchdev/issues#558). For its end Twitch
    /// promises nothing; this is more than the two minutes after which an end is taken for certain.
    pub const AS_AT_TWITCH: Self =
        Self { start: Duration::seconds(60), end: Duration::seconds(150) };
    /// A lag that never passes by itself.
    pub const UNTIL_TOLD: Duration = Duration::MAX;
}

impl Default for ListingLag {
    fn default() -> Self {
        Self::AS_AT_TWITCH
    }
}

/// What Get Streams tells of a user: the stream that it takes for the present one.
pub(super) fn listed(user: &User, lag: ListingLag, now: OffsetDateTime) -> Option<&Stream> {
    let begun = user.stream.as_ref().filter(|s| s.listed || now - s.started >= lag.start);
    let ended = || user.ended.as_ref().filter(|(_, at)| now - *at < lag.end).map(|(s, _)| s);
    begun.or_else(ended)
}

/// Takes up what has happened to a user until now.
pub(super) fn catch_up(user: &mut User) {
    user.ended = None;
    if let Some(stream) = &mut user.stream {
        stream.listed = true;
    }
}
