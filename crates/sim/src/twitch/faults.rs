//! What can be made to go wrong.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// An answer that goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// The beginning of the path behind `/helix/` or `/oauth2/`, perhaps with a method before
    /// it: `users`, `DELETE eventsub/subscriptions`; empty: every request.
    #[serde(default)]
    pub path: String,
    /// The status: 401, 429 or 5xx; below 400 it is only slow.
    pub status: u16,
    /// How often.
    pub times: u32,
    /// How long the answer takes, in milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
}

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
