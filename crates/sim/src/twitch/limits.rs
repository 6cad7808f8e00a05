//! Helix's token bucket: one per application, a point per request, refilled evenly.

use axum::http::{HeaderMap, HeaderValue};
use time::OffsetDateTime;

const FILLED_IN_SECONDS: f64 = 60.0;

/// The bucket; full until it is first used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    size: u32,
    points: f64,
    counted_at: Option<OffsetDateTime>,
}

/// What the bucket says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// When it is full again, in Unix seconds.
    pub(super) reset: i64,
}

impl Bucket {
    pub(super) fn new(size: u32) -> Self {
        Self { size, points: f64::from(size), counted_at: None }
    }

    /// Takes a point; an error when there is none.
    pub(super) fn take(&mut self, now: OffsetDateTime) -> Result<Limits, Limits> {
        let passed = self.counted_at.map_or(0.0, |at| (now - at).as_seconds_f64()).max(0.0);
        self.counted_at = Some(now);
        let size = f64::from(self.size);
        self.points = (self.points + passed * size / FILLED_IN_SECONDS).min(size);
        if self.points < 1.0 {
            return Err(self.limits(now));
        }
        self.points -= 1.0;
        Ok(self.limits(now))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the size, which is a u32"
    )]
    fn limits(&self, now: OffsetDateTime) -> Limits {
        let missing = f64::from(self.size) - self.points;
        let seconds = (missing * FILLED_IN_SECONDS / f64::from(self.size)).ceil();
        let reset = now.unix_timestamp() + i64::from(seconds as u32);
        Limits { limit: self.size, remaining: self.points as u32, reset }
    }
}

impl Limits {
    pub(super) fn stamp(self, headers: &mut HeaderMap) {
        headers.insert("ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert("ratelimit-remaining", HeaderValue::from(self.remaining));
        headers.insert("ratelimit-reset", HeaderValue::from(self.reset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn empty_bucket_refuses_and_fills_evenly() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::hours(1);
        let mut bucket = Bucket::new(60);
        for left in (0..60).rev() {
            assert_eq!(bucket.take(now).unwrap().remaining, left);
        }
        let refused = bucket.take(now).unwrap_err();
        assert_eq!(refused, Limits { limit: 60, remaining: 0, reset: 3660 });
        assert!(bucket.take(now + Duration::milliseconds(900)).is_err());
        assert_eq!(bucket.take(now + Duration::seconds(3)).unwrap().remaining, 2);
        let full = bucket.take(now + Duration::hours(2)).unwrap();
        assert_eq!(full.remaining, 59);
    }
}
