//! `POST /webhooks/twitch`: EventSub deliveries.
//!
//! The order is: signature, limit of its kind, age, one transaction, answer. Twitch takes any 2xx for "received" and
//! counts all else against the subscription, so what is verified and of no use is answered 204.

use crate::{
    ApiError,
    extract::{RawBody, Ready},
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use sm_aws::metrics::Counter;
use sm_services::{
    App, LazyApp, SecurityEvent,
    announce::accept::{self, Receipt},
    limits::Limited,
};
use sm_twitch::eventsub::{self, Freshness, Headers, Message, VerifiedEventSub};

/// Verifies and accepts one message.
pub(crate) async fn receive(
    State(lazy): State<LazyApp>,
    Ready(mut app): Ready,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, ApiError> {
    Counter::WebhookReceived.count();
    let headers = Headers::from_http(&headers);
    let mut verified = eventsub::verify(&headers, &body, &app.settings.eventsub_secrets);
    if verified.is_err()
        && let Some(renewed) = lazy.renewed(&app).await
    {
        app = renewed;
        verified = eventsub::verify(&headers, &body, &app.settings.eventsub_secrets);
    }
    let verified = verified.map_err(|error| {
        if SecurityEvent::WebhookSignature.count_and_sample() {
            tracing::warn!(%error, event = SecurityEvent::WebhookSignature.as_str(), "refused a webhook");
        }
        ApiError::InvalidSignature
    })?;
    accept(&app, verified).await
}

async fn accept(app: &App, verified: VerifiedEventSub<'_>) -> Result<Response, ApiError> {
    let received_at = app.clock.now();
    let message_id = verified.message_id().to_owned();
    let sent_at = verified.timestamp();
    let freshness = verified.freshness(received_at);
    let parsed = verified.parse();
    // By the body, which is signed; the header that names the type is not.
    let kind = parsed.as_ref().ok().and_then(Message::subscription).map(|s| s.kind.as_str());
    if !app.allows(Limited::webhook(kind.unwrap_or_default())).await {
        if Limited::webhook(kind.unwrap_or_default()) == Limited::Chat {
            // Sent again, it would come too late, and each refusal counts against the subscription.
            Counter::ChatUnread.count();
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        SecurityEvent::RateLimited.record(None, "the limit of this kind of webhook is used up");
        // Twitch sends it again.
        return Err(ApiError::RateLimited { retry_after: 1 });
    }
    let message = match parsed {
        Ok(Message::Challenge { challenge, subscription }) => {
            accept::challenge(app, subscription.as_ref()).await;
            return Ok(answer_challenge(challenge));
        }
        Ok(message) => message,
        Err(error) => {
            tracing::warn!(%error, message.id = message_id, "dropped a webhook that does not parse");
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    };
    let (Freshness::Fresh, Some(sent_at)) = (freshness, sent_at) else {
        tracing::warn!(message.id = message_id, ?freshness, "dropped a webhook of another time");
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let receipt = Receipt { message_id: &message_id, sent_at, received_at };
    store(app, receipt, &message).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn answer_challenge(challenge: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain")], challenge).into_response()
}

async fn store(app: &App, receipt: Receipt<'_>, message: &Message) -> Result<(), ApiError> {
    let (subscription, stored) = match message {
        Message::Notification { subscription, event } => {
            (subscription, accept::notification(app, receipt, event).await)
        }
        Message::Revocation { subscription } => {
            (subscription, accept::revocation(app, receipt, subscription).await)
        }
        Message::Challenge { .. } | Message::Unknown { .. } => return Ok(()),
    };
    match stored {
        Ok(outcome) => {
            Counter::WebhookAccepted.count();
            if Limited::webhook(&subscription.kind) == Limited::Chat {
                return Ok(());
            }
            let took = app.clock.now() - receipt.received_at;
            tracing::info!(
                message.id = receipt.message_id,
                subscription.kind = subscription.kind,
                ?outcome,
                took_us = took.whole_microseconds() as i64,
                "accepted a webhook"
            );
            Ok(())
        }
        Err(error) => {
            // Twitch sends it again; nothing of it was stored.
            Counter::WebhookFailed.count();
            Counter::DatabaseError.count();
            tracing::warn!(%error, message.id = receipt.message_id, "could not store a webhook");
            Err(ApiError::Unavailable)
        }
    }
}
