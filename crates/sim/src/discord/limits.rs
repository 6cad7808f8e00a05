//! Rate limits: over everything, per channel and method, and per user token.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

const SECOND: Duration = Duration::from_secs(1);
/// Messages per channel and window.
pub(super) const CHANNEL_LIMIT: usize = 5;
const CHANNEL_WINDOW: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Limits {
    global: Option<usize>,
    /// Requests within the last second, and those of them that were let through.
    recent: VecDeque<Instant>,
    passed: VecDeque<Instant>,
    pub(super) max_in_a_second: usize,
    channels: HashMap<(u64, Route), VecDeque<Instant>>,
    /// When each access token last got its user's guilds.
    guild_lists: HashMap<String, Instant>,
}

/// The routes about messages; each has buckets of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Route {
    Create,
    Read,
    Edit,
    Delete,
}

/// The state of a channel's bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    pub(super) route: Route,
    pub(super) remaining: usize,
    pub(super) reset_after: Duration,
}

impl Limits {
    pub(super) fn new(global: Option<usize>) -> Self {
        let (recent, passed) = (VecDeque::new(), VecDeque::new());
        let (channels, guild_lists) = (HashMap::new(), HashMap::new());
        Self { global, recent, passed, max_in_a_second: 0, channels, guild_lists }
    }

    /// Counts a request; the wait when it is one too many within any second.
    pub(super) fn count(&mut self, now: Instant) -> Option<Duration> {
        forget(&mut self.recent, now, SECOND);
        forget(&mut self.passed, now, SECOND);
        self.recent.push_back(now);
        self.max_in_a_second = self.max_in_a_second.max(self.recent.len());
        if let (Some(limit), Some(oldest)) = (self.global, self.passed.front())
            && self.passed.len() >= limit
        {
            return Some(SECOND - (now - *oldest));
        }
        self.passed.push_back(now);
        None
    }

    /// Counts a request about a channel's messages; `Err` when it is one too many.
    pub(super) fn count_in_channel(
        &mut self,
        channel: u64,
        route: Route,
        now: Instant,
    ) -> Result<Bucket, Bucket> {
        let unlimited = self.global.is_none();
        if unlimited {
            return Ok(Bucket { route, remaining: CHANNEL_LIMIT - 1, reset_after: SECOND });
        }
        let times = self.channels.entry((channel, route)).or_default();
        forget(times, now, CHANNEL_WINDOW);
        let reset_after = times.front().map_or(CHANNEL_WINDOW, |at| CHANNEL_WINDOW - (now - *at));
        if times.len() >= CHANNEL_LIMIT {
            return Err(Bucket { route, remaining: 0, reset_after });
        }
        times.push_back(now);
        Ok(Bucket { route, remaining: CHANNEL_LIMIT - times.len(), reset_after })
    }

    /// Counts a user's list of guilds; the wait when it is the second within a second.
    pub(super) fn count_guild_list(&mut self, token: &str, now: Instant) -> Option<Duration> {
        self.global?;
        if let Some(last) = self.guild_lists.get(token)
            && now - *last < SECOND
        {
            return Some(SECOND - (now - *last));
        }
        self.guild_lists.insert(token.to_owned(), now);
        None
    }
}

fn forget(times: &mut VecDeque<Instant>, now: Instant, window: Duration) {
    while times.front().is_some_and(|at| now - *at >= window) {
        times.pop_front();
    }
}
