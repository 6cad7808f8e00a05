//! `POST /webhooks/discord`: the bot was installed, or somebody has removed our access.

use crate::{
    ApiError,
    extract::{RawBody, Ready},
};
use http::{HeaderMap, StatusCode};
use sm_discord::webhook_event::{self, WebhookEvent};
use sm_services::{App, SecurityEvent, accounts::personal_data, guilds::install, limits::Limited};
use time::{Duration, OffsetDateTime};

/// Discord tries for 10 minutes; what is older was recorded by somebody.
const MAX_AGE: Duration = Duration::minutes(15);

/// Verifies and accepts one event.
pub(crate) async fn receive(
    Ready(app): Ready,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<StatusCode, ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let timestamp = text("X-Signature-Timestamp");
    let signature = text("X-Signature-Ed25519");
    let key = &app.settings.discord_public_key;
    // Discord sends bad signatures on purpose, and removes the address if they are taken.
    let signed = webhook_event::verify(key, timestamp, &body, signature);
    if !signed || !recent(timestamp, app.clock.now()) {
        if SecurityEvent::WebhookSignature.count_and_sample() {
            let event = SecurityEvent::WebhookSignature.as_str();
            tracing::info!(event, "a Discord event was not signed as it should be");
        }
        return Err(ApiError::InvalidDiscordSignature);
    }
    if !app.allows(Limited::DiscordWebhooks).await {
        SecurityEvent::RateLimited.record(None, "the limit of Discord's webhooks is used up");
        // Discord sends it again.
        return Err(ApiError::RateLimited { retry_after: 1 });
    }
    match WebhookEvent::parse(&body) {
        Some(event) => accept(&app, event).await?,
        None => tracing::warn!("dropped a Discord event that does not parse"),
    }
    Ok(StatusCode::NO_CONTENT)
}

fn recent(timestamp: &str, now: OffsetDateTime) -> bool {
    let at = timestamp.parse().ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    at.is_some_and(|at| (now - at).abs() <= MAX_AGE)
}

/// Each of these may run twice: there is no event id to know one by.
async fn accept(app: &App, event: WebhookEvent) -> Result<(), ApiError> {
    match event {
        WebhookEvent::Ping => {}
        WebhookEvent::Installed { guild, name, by } => {
            install::add(app, guild, &name, None, Some(by)).await?;
            tracing::info!(guild.id = %guild, user.id = %by, "the bot was installed");
        }
        WebhookEvent::Deauthorized { user } => personal_data::deauthorized(app, user).await?,
        WebhookEvent::Other(kind) => tracing::debug!(kind, "an event of no use here"),
    }
    Ok(())
}
