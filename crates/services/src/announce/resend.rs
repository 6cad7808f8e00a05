//! Sending an announcement again, on request.

use crate::{
    App,
    audit::{self, Action, Actor},
};
use serde_json::json;
use sm_aws::Ring;
use sm_db::announce::history::{self, Delivery, Resend};
use sm_types::{DeliveryId, GuildId};
use time::{Duration, OffsetDateTime};

/// A go-live that is older pings nobody unless it is asked to.
const LATE_AFTER: Duration = Duration::minutes(10);
/// How long a planned resend is worth sending.
const EXPIRY: Duration = Duration::minutes(15);

/// Why an announcement is not sent again.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// The server has no such delivery.
    #[error("there is no such delivery")]
    NotFound,
    /// Only announcements of new streams can be sent again.
    #[error("only announcements can be sent again")]
    NotAnAnnouncement,
    /// It is on its way.
    #[error("it is under way")]
    UnderWay,
    /// The stream is over, so there is nothing to announce.
    #[error("the stream has ended")]
    StreamEnded,
    /// The channel it went to is not set up any more.
    #[error("the destination was removed")]
    DestinationRemoved,
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Plans an announcement again; returns whether it will ping.
///
/// `ping`: `None` pings only while the go-live is fresh.
pub async fn resend(
    app: &App,
    guild: GuildId,
    delivery: DeliveryId,
    ping: Option<bool>,
    actor: &Actor,
) -> Result<bool, ResendError> {
    let found = history::find(&app.pool, guild, delivery).await?.ok_or(ResendError::NotFound)?;
    again(app, guild, &found, ping, actor).await
}

/// Plans an announcement again, provided that it has not changed since it was found.
pub(crate) async fn again(
    app: &App,
    guild: GuildId,
    found: &Delivery,
    ping: Option<bool>,
    actor: &Actor,
) -> Result<bool, ResendError> {
    possible(app, found).await?;
    let now = app.clock.now();
    let ping = ping.unwrap_or_else(|| !is_late(found, now));
    let mut transaction = app.pool.begin().await?;
    let plan = Resend { found, silent: !ping, now, expires_at: now + EXPIRY };
    if !history::resend(&mut transaction, guild, &plan).await? {
        return Err(ResendError::UnderWay);
    }
    let target = found.delivery_id.to_string();
    let before = json!({ "status": found.status, "reason": found.reason });
    let after = json!({ "ping": ping });
    let action = Action {
        guild: Some(guild),
        name: "delivery.resend",
        target: Some(&target),
        before: Some(before),
        after: Some(after),
    };
    audit::done(app, &mut *transaction, actor, action).await?;
    transaction.commit().await?;
    app.doorbell.ring(Ring::Deliver).await;
    Ok(ping)
}

/// Whether a ping would come long after the go-live.
pub fn is_late(found: &Delivery, now: OffsetDateTime) -> bool {
    now - found.started_at.unwrap_or(found.received_at) > LATE_AFTER
}

/// Says what stands in the way of sending an announcement again, if anything does.
pub async fn possible(app: &App, delivery: &Delivery) -> Result<(), ResendError> {
    if delivery.kind != "online" {
        return Err(ResendError::NotAnAnnouncement);
    }
    if matches!(delivery.status.as_str(), "pending" | "sending") {
        return Err(ResendError::UnderWay);
    }
    let state = history::resendable(&app.pool, delivery.delivery_id).await?;
    match state {
        (true, _) => Err(ResendError::StreamEnded),
        (_, false) => Err(ResendError::DestinationRemoved),
        _ => Ok(()),
    }
}
