//! Rate limits: one over everything, and one per channel and method.

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
    /// Requests within the last second.
    recent: VecDeque<Instant>,
    pub(super) max_in_a_second: usize,
    channels: HashMap<(u64, bool), VecDeque<Instant>>,
}

/// The state of a channel's bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    pub(super) remaining: usize,
    pub(super) reset_after: Duration,
}

impl Limits {
    pub(super) fn new(global: Option<usize>) -> Self {
        let (recent, channels) = (VecDeque::new(), HashMap::new());
        Self { global, recent, max_in_a_second: 0, channels }
    }

    /// Counts a request; the wait when it is one too many within any second.
    pub(super) fn count(&mut self, now: Instant) -> Option<Duration> {
        while self.recent.front().is_some_and(|at| now - *at >= SECOND) {
            self.recent.pop_front();
        }
        if let (Some(limit), Some(oldest)) = (self.global, self.recent.front())
            && self.recent.len() >= limit
        {
            return Some(SECOND - (now - *oldest));
        }
        self.recent.push_back(now);
        self.max_in_a_second = self.max_in_a_second.max(self.recent.len());
        None
    }

    /// Counts a message or edit in a channel; `Err` when it is one too many.
    pub(super) fn count_in_channel(
        &mut self,
        channel: u64,
        edit: bool,
        now: Instant,
    ) -> Result<Bucket, Bucket> {
        let unlimited = self.global.is_none();
        if unlimited {
            return Ok(Bucket { remaining: CHANNEL_LIMIT - 1, reset_after: SECOND });
        }
        let times = self.channels.entry((channel, edit)).or_default();
        while times.front().is_some_and(|at| now - *at >= CHANNEL_WINDOW) {
            times.pop_front();
        }
        let reset_after = times.front().map_or(CHANNEL_WINDOW, |at| CHANNEL_WINDOW - (now - *at));
        if times.len() >= CHANNEL_LIMIT {
            return Err(Bucket { remaining: 0, reset_after });
        }
        times.push_back(now);
        Ok(Bucket { remaining: CHANNEL_LIMIT - times.len(), reset_after })
    }
}
