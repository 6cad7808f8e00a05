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
    /// No answer, a 5xx, or a refusal without Twitch's reason: later it may work.
    #[error("Twitch is not available{}", status.map(|s| format!(" ({s})")).unwrap_or_default())]
    Unavailable { status: Option<u16> },
    /// The answer is not what was expected.
    #[error("Twitch's answer could not be read")]
    Decode,
}

impl Error {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound => "not_found",
            Self::AlreadyExists { .. } => "already_exists",
            Self::TooManySubscriptions { .. } => "too_many_subscriptions",
            Self::RateLimited { .. } => "rate_limited",
            Self::Rejected { .. } => "rejected",
            Self::Unavailable { .. } | Self::Decode => "unavailable",
        }
    }
}

/// How errors begin in words, with their codes.
const BEGINNINGS: [(&str, &str); 10] = [
    ("Twitch refused the token", "unauthorized"),
    ("Twitch forbids it", "forbidden"),
    ("Twitch does not know it", "not_found"),
    ("the subscription exists already", "already_exists"),
    ("Twitch takes no more subscriptions", "too_many_subscriptions"),
    ("Twitch asks to wait", "rate_limited"),
    ("Twitch refused the request", "rejected"),
    ("Twitch is not available", "unavailable"),
    ("Twitch's answer could not be read", "unavailable"),
    ("Twitch does not list the subscription", "lost"),
];

/// Statuses with which Twitch revokes subscriptions, and what they mean. A revocation is stored by
/// its status. <https://dev.twitch.tv/docs/eventsub/handling-webhook-events/#revoking-your-subscription>
const REVOCATIONS: [(&str, &str); 6] = [
    ("user_removed", "Twitch removed the account: it was closed or suspended"),
    ("authorization_revoked", "the streamer has withdrawn the authorisation"),
    ("notification_failures_exceeded", "Twitch could not deliver its events here for too long"),
    ("webhook_callback_verification_failed", "this service did not answer Twitch's challenge"),
    ("version_removed", "Twitch has retired this version of the subscription"),
    ("beta_maintenance", "Twitch has paused this subscription for maintenance"),
];

/// The code of a failure that was stored in words or by a revocation's status; `other` for anything else.
pub fn code_of(stored: &str) -> &'static str {
    let revoked =
        REVOCATIONS.iter().find(|(status, _)| *status == stored).map(|(status, _)| *status);
    let beginning = || BEGINNINGS.iter().find(|(start, _)| stored.starts_with(start));
    revoked.or_else(|| beginning().map(|(_, code)| *code)).unwrap_or("other")
}

/// The same failure in words.
pub fn words_of(stored: &str) -> String {
    if let Some((_, words)) = REVOCATIONS.iter().find(|(status, _)| *status == stored) {
        return (*words).to_owned();
    }
    let is_status =
        stored.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if is_status { format!("Twitch revoked it ({stored})") } else { stored.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_words_have_the_code_of_their_error() {
        let message = || "no".to_owned();
        for error in [
            Error::Unauthorized,
            Error::Forbidden { message: message() },
            Error::NotFound,
            Error::AlreadyExists { id: None },
            Error::TooManySubscriptions { message: message() },
            Error::RateLimited { retry_after: Duration::from_secs(3) },
            Error::Rejected { status: 400, message: message() },
            Error::Unavailable { status: Some(502) },
            Error::Unavailable { status: None },
            Error::Decode,
        ] {
            assert_eq!(code_of(&error.to_string()), error.code(), "{error}");
        }
        assert_eq!(code_of("something else"), "other");
    }

    #[test]
    fn revocations_are_told_in_words() {
        assert_eq!(code_of("user_removed"), "user_removed");
        assert_eq!(
            words_of("user_removed"),
            "Twitch removed the account: it was closed or suspended"
        );
        assert_eq!(code_of("status_of_2031"), "other");
        assert_eq!(words_of("status_of_2031"), "Twitch revoked it (status_of_2031)");
        assert_eq!(words_of("Twitch is not available (502)"), "Twitch is not available (502)");
    }
}
