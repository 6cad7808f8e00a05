//! How a remote call that was refused is tried again: every wait grows, and every row of waits ends.

use time::Duration;

/// How long to wait from try to try, and how often.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// After the first try; doubled from then on.
    pub first: Duration,
    pub longest: Duration,
    /// After so many tries it is given up, or left to the longest wait.
    pub tries: i32,
}

impl Policy {
    /// The wait after the `attempts`-th try (from 1), or nothing when that was the last.
    ///
    /// `told` is what the remote asks for. It is kept where it is longer than our own wait and no longer than
    /// `longest`: a time in the past, or of next year, is no reason to hammer or to sleep. `seed` adds up to a
    /// quarter, so that what was refused together does not come back together.
    pub fn next(&self, attempts: i32, told: Option<Duration>, seed: u8) -> Option<Duration> {
        if attempts >= self.tries {
            return None;
        }
        let grown = sm_db::lease::backoff(attempts, self.first, self.longest, seed);
        Some(told.filter(|told| *told <= self.longest).map_or(grown, |told| told.max(grown)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy { first: Duration::SECOND, longest: Duration::MINUTE, tries: 8 };

    #[test]
    fn waits_double_and_end() {
        let all: Vec<_> = (1..=9)
            .map(|attempts| POLICY.next(attempts, None, 0).map(Duration::whole_seconds))
            .collect();
        let mut expected: Vec<_> = [1, 2, 4, 8, 16, 32, 60].map(Some).to_vec();
        expected.extend([None, None]);
        assert_eq!(all, expected);
    }

    #[test]
    fn remotes_time_counts_where_it_is_plausible_and_never_stops_the_growth() {
        let wait = |attempts, told| {
            POLICY.next(attempts, Some(Duration::seconds(told)), 0).map(Duration::whole_seconds)
        };
        assert_eq!(wait(1, 7), Some(7));
        assert_eq!(wait(5, 1), Some(16), "a reset in the past, again and again");
        assert_eq!(wait(1, -30), Some(1));
        assert_eq!(wait(2, 86_400 * 365), Some(2));
    }

    #[test]
    fn what_failed_together_comes_back_apart() {
        let wait = |seed| POLICY.next(3, None, seed).unwrap();
        assert!(wait(0) < wait(128) && wait(128) < wait(255));
    }
}
