//! When callbacks are challenged.

use std::time::Duration;

/// When a new callback is challenged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// Before the request for the subscription is answered.
    Before,
    /// This long after the request; with zero the two overtake each other, as with Twitch.
    After(Duration),
    /// Not at all: the subscription stays pending.
    Never,
}

impl Default for Challenge {
    fn default() -> Self {
        Self::After(Duration::ZERO)
    }
}
