//! A share of requests for each of any number of sources, in memory that does not grow.
//!
//! A map of sources would grow with an attack, or forget whom it should remember. Here each source has one place in
//! each of four rows, found by hashes that nobody outside can work out. A place holds until when its share is used
//! up, and the least of a source's four counts: one that shares some of its places with others loses nothing, and
//! only who meets a busy one in all four waits for strangers. With 1,000 busy sources that is one in 80,000.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

const ROWS: usize = 4;
const PLACES: usize = 16_384;
/// How many seconds' worth of its share a source may use at once.
const SAVED_SECONDS: u32 = 4;

/// Shares of one size.
#[derive(Debug)]
pub(crate) struct Shares {
    /// What one request uses up; zero: nothing is limited.
    interval: Duration,
    hashers: [RandomState; ROWS],
    begun: Instant,
    /// Since `begun`, in nanoseconds; row after row. Untouched pages of it take no memory.
    used_until: Mutex<Vec<u64>>,
}

impl Shares {
    /// `per_second` requests for each source, and four seconds' worth at once; 0 limits nobody.
    pub(crate) fn new(per_second: u32) -> Self {
        let interval =
            if per_second == 0 { Duration::ZERO } else { Duration::from_secs(1) / per_second };
        Self {
            interval,
            hashers: std::array::from_fn(|_| RandomState::new()),
            begun: Instant::now(),
            used_until: Mutex::new(vec![0; ROWS * PLACES]),
        }
    }

    /// Takes one request out of a source's share, or tells how long to wait for it.
    pub(crate) fn take(&self, source: &impl Hash) -> Result<(), Duration> {
        self.take_at(self.begun.elapsed(), source)
    }

    fn take_at(&self, now: Duration, source: &impl Hash) -> Result<(), Duration> {
        if self.interval.is_zero() {
            return Ok(());
        }
        let hashes = self.hashers.each_ref().map(|hasher| hasher.hash_one(source));
        let place = |(row, hash): (usize, u64)| row * PLACES + (hash % PLACES as u64) as usize;
        let mut row = 0..;
        let places = hashes.map(|hash| place((row.next().unwrap_or_default(), hash)));
        let mut used_until = self.used_until.lock().unwrap_or_else(PoisonError::into_inner);
        let least = places.iter().map(|place| used_until[*place]).min().unwrap_or_default();
        let until = Duration::from_nanos(least).max(now) + self.interval;
        let allowed = now + self.interval.max(Duration::from_secs(1)) * SAVED_SECONDS;
        if until > allowed {
            return Err(until - allowed);
        }
        let until = u64::try_from(until.as_nanos()).unwrap_or(u64::MAX);
        for place in places {
            used_until[place] = used_until[place].max(until);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_has_its_share_at_once_and_then_by_the_second() {
        let shares = Shares::new(5);
        let passed =
            |at, source: u32| (0..100).filter(|_| shares.take_at(at, &source).is_ok()).count();
        let begin = Duration::from_secs(1);
        assert_eq!((passed(begin, 1), passed(begin, 2)), (20, 20));
        let wait = shares.take_at(begin, &1).unwrap_err();
        assert_eq!(wait, Duration::from_millis(200));
        assert_eq!(passed(begin + wait, 1), 1);
        assert_eq!(passed(begin + Duration::from_secs(3600), 1), 20, "nobody saves up more");
    }

    #[test]
    fn thousand_busy_sources_leave_the_others_their_share() {
        let shares = Shares::new(5);
        for request in 0..100 * 1_000 {
            let _ = shares.take_at(Duration::ZERO, &("busy", request % 1_000));
        }
        let whole = |source: u32| {
            (0..20).all(|_| shares.take_at(Duration::ZERO, &("calm", source)).is_ok())
        };
        let spared = (0..1_000).filter(|source| whole(*source)).count();
        assert!(spared >= 990, "{spared} of 1,000");
    }

    #[test]
    fn any_number_of_sources_takes_the_same_memory() {
        let shares = Shares::new(1);
        for source in 0..1_000_000_u32 {
            let _ = shares.take(&source);
        }
        assert_eq!(shares.used_until.lock().unwrap().capacity(), ROWS * PLACES);
    }

    #[test]
    fn nothing_is_limited_where_the_limit_is_off() {
        let shares = Shares::new(0);
        assert!((0..1_000).all(|_| shares.take(&1).is_ok()));
    }
}
