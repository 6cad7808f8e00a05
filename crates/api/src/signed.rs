//! Requests that Discord has signed.

use crate::ApiError;
use http::HeaderMap;
use sm_discord::signature::{self, SIGNATURE, TIMESTAMP};
use sm_services::{App, SecurityEvent};
use time::{Duration, OffsetDateTime};

/// Whether Discord has signed a body within `max_age`, or the refusal that it expects.
///
/// It sends bad signatures on purpose, and removes the address where they are taken or answered otherwise.
pub(crate) fn verify(
    app: &App,
    headers: &HeaderMap,
    body: &[u8],
    max_age: Duration,
) -> Result<(), ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (timestamp, mark) = (text(TIMESTAMP), text(SIGNATURE));
    let key = &app.settings.discord_public_key;
    let signed = signature::verify(key, timestamp, body, mark);
    if signed && is_recent(timestamp, app.clock.now(), max_age) {
        return Ok(());
    }
    Err(refused())
}

/// The refusal of what is not signed as it should be.
pub(crate) fn refused() -> ApiError {
    if SecurityEvent::WebhookSignature.count_and_sample() {
        let event = SecurityEvent::WebhookSignature.as_str();
        tracing::info!(event, "what should be Discord's was not signed as it should be");
    }
    ApiError::InvalidDiscordSignature
}

fn is_recent(timestamp: &str, now: OffsetDateTime, max_age: Duration) -> bool {
    let at = timestamp.parse().ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    at.is_some_and(|at| (now - at).abs() <= max_age)
}
