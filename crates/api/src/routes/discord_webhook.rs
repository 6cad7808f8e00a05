//! `POST /webhooks/discord`: the bot was installed, or somebody has removed our access.

use crate::{
    ApiError,
    extract::{RawBody, Ready},
    signed,
};
use http::{HeaderMap, StatusCode};
use sm_discord::webhook_event::WebhookEvent;
use sm_services::{App, SecurityEvent, accounts::personal_data, guilds::install, limits::Limited};
use time::Duration;

/// Discord tries for 10 minutes; what is older was recorded by somebody.
const MAX_AGE: Duration = Duration::minutes(15);

/// Verifies and accepts one event.
pub(crate) async fn receive(
    Ready(app): Ready,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<StatusCode, ApiError> {
    signed::verify(&app, &headers, &body, MAX_AGE)?;
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
