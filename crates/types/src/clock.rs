//! The clock that is handed to whoever needs the time.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use time::{Duration, OffsetDateTime};

/// Tells the time; a test moves its own.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_ms: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// The machine's clock plus what [`Clock::advance`] has added; clones move together.
    pub fn shiftable() -> Self {
        Self { offset_ms: Some(Arc::default()) }
    }

    /// Now, in UTC.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the ambient clock")]
    pub fn now(&self) -> OffsetDateTime {
        let offset = self.offset_ms.as_ref().map_or(0, |ms| ms.load(Ordering::Relaxed));
        OffsetDateTime::now_utc() + Duration::milliseconds(offset)
    }

    /// Moves a shiftable clock forward; the machine's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Some(offset) = &self.offset_ms {
            let ms = i64::try_from(by.whole_milliseconds()).unwrap_or(i64::MAX);
            offset.fetch_add(ms, Ordering::Relaxed);
        }
    }
}
