//! What can be made to go wrong.

use crate::OddBody;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// An answer that goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// The beginning of the path behind `/helix/` or `/oauth2/`, perhaps with a method before
    /// it: `users`, `DELETE eventsub/subscriptions`; empty: every request.
    #[serde(default)]
    pub path: String,
    /// The status: 401, 429 or 5xx; below 400 the request is carried out.
    pub status: u16,
    /// How often.
    pub times: u32,
    /// How long the answer takes, in milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
    /// What becomes of the answer's body, when it is not what it should be.
    #[serde(default)]
    pub body: Option<OddBody>,
    /// The answer's whole text, instead.
    #[serde(default)]
    pub text: Option<String>,
}

impl Fault {
    /// Refuses the next requests under a path with a status and Twitch's words.
    pub fn refusing(path: &str, status: u16, times: u32) -> Self {
        Self { path: path.to_owned(), status, times, delay_ms: 0, body: None, text: None }
    }

    /// Answers the next request under a path with a body that is none of Twitch's.
    pub fn odd(path: &str, status: u16, body: OddBody) -> Self {
        Self { body: Some(body), ..Self::refusing(path, status, 1) }
    }

    /// Answers the next request under a path with this.
    pub fn answering(path: &str, status: u16, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::refusing(path, status, 1) }
    }
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
