//! What a call to Twitch can end in, named after the remedy.

use std::time::Duration;

/// Why Twitch did not do what was asked. Holds no token and no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The token is not valid any more: get another and try once more.
    #[error("Twitch refused the token")]
    Unauthorized,
    /// The application lacks a right, or its secret is wrong.
    #[error("Twitch forbids it: {message}")]
    Forbidden { message: String },
    /// There is no such thing.
    #[error("Twitch does not know it")]
    NotFound,
    /// The subscription is there already; newer answers tell its id.
    #[error("the subscription exists already")]
    AlreadyExists { id: Option<String> },
    /// Three subscriptions of this type and condition exist, or the total cost is used up.
    #[error("Twitch takes no more subscriptions: {message}")]
    TooManySubscriptions { message: String },
    /// The points of this minute are used up.
    #[error("Twitch asks to wait {} s", retry_after.as_secs())]
    RateLimited { retry_after: Duration },
    /// The request is wrong; sending it again changes nothing.
    #[error("Twitch refused the request ({status}): {message}")]
    Rejected { status: u16, message: String },
    /// No answer, or a 5xx: later it may work.
    #[error("Twitch is not available{}", status.map(|s| format!(" ({s})")).unwrap_or_default())]
    Unavailable { status: Option<u16> },
    /// The answer is not what was expected.
    #[error("Twitch's answer could not be read")]
    Decode,
}
