//! What follows from a refusal: again, never, or stop everything.

use crate::{
    App,
    announce::{
        attempt::{Finished, failed, settle},
        gate::{self, Brake},
        preflight::{self, Health},
    },
};
use sm_aws::metrics::Counter;
use sm_db::announce::deliveries::{DueDelivery, Record};
use sm_discord::{Error, Operation, Reason as Defect, Rebuild, Scope, Verdict, classify};
use sm_types::{
    ChannelId,
    announcement::{Action, Kind, NamedReason, Reason, Status, Variant},
};
use time::{Duration, OffsetDateTime};

/// The longest wait between two attempts.
const MAX_BACKOFF: Duration = Duration::MINUTE;

/// The attempt did not succeed; the next one is due at `at`.
pub(super) fn again(record: Record, reason: impl Into<Reason>, at: OffsetDateTime) -> Record {
    Record { due_at: Some(at), ..settle(record, Status::Pending, reason, None) }
}

/// 1, 2, 4, … seconds, and up to a quarter more, so that retries do not come in step.
pub(super) fn backoff(due: &DueDelivery) -> Duration {
    let doublings = u32::try_from(due.attempts.clamp(1, 7) - 1).unwrap_or(0);
    let wait = (Duration::SECOND * 2_i32.pow(doublings)).min(MAX_BACKOFF);
    let share = f64::from(due.delivery_id.0.as_bytes()[15]) / 255.0;
    wait + wait * (share / 4.0)
}

/// Decides what a refusal means and does what has to be done at once.
pub(super) async fn refused(
    app: &App,
    due: &DueDelivery,
    channel: ChannelId,
    mut record: Record,
    error: Error,
    brake: &Brake,
) -> sqlx::Result<Finished> {
    record.http_status = error.status().and_then(|status| i16::try_from(status).ok());
    record.discord_code = error.code().and_then(|code| i32::try_from(code).ok());
    let invalid_request = error.counts_as_invalid();
    if invalid_request {
        Counter::DiscordInvalid.count();
    }
    if let Error::RateLimited { .. } = error {
        Counter::DiscordRateLimited.count();
    }
    let record = match classify(operation(due), &error) {
        Verdict::Done => gone(due, record),
        Verdict::Retry { after } => retry(app, due, channel, record, &error, after).await?,
        Verdict::Rebuild(Rebuild::DefaultTemplate(_)) if due.variant != Variant::Plain => {
            let now = app.clock.now();
            Record { variant: Variant::Plain, ..again(record, NamedReason::Rebuilt, now) }
        }
        Verdict::Rebuild(Rebuild::TextOnly) => {
            degrade(app, due, channel, record, Defect::MissingPermission).await?
        }
        Verdict::Rebuild(Rebuild::DefaultTemplate(Some(reason))) | Verdict::Degrade(reason) => {
            degrade(app, due, channel, record, reason).await?
        }
        Verdict::GuildLeft => degrade(app, due, channel, record, Defect::MissingAccess).await?,
        Verdict::OpenCircuit => {
            let now = app.clock.now();
            // The first to notice opens it; the others of this worker only stop.
            let wait =
                if brake.pull() { gate::open_circuit(app, &error).await? } else { gate::PATIENCE };
            again(record, NamedReason::CircuitOpen, now + wait)
        }
        Verdict::Bug => {
            tracing::error!(%error, delivery.id = %due.delivery_id, "Discord refused what we should not have sent");
            settle(record, Status::Failed, error.reason(), None)
        }
        Verdict::Rebuild(Rebuild::DefaultTemplate(None)) | Verdict::Fail => {
            settle(record, Status::Failed, error.reason(), None)
        }
    };
    report(due, channel, &record, &error);
    Ok(Finished { record, invalid_request })
}

fn operation(due: &DueDelivery) -> Operation {
    match due.action {
        Action::Edit => Operation::Edit,
        Action::Delete => Operation::Delete,
        Action::Create => Operation::Create,
    }
}

/// The message is not there any more.
fn gone(due: &DueDelivery, record: Record) -> Record {
    match (due.kind, due.action) {
        // It should have been re-opened: the announcement is posted anew.
        (Kind::Online, Action::Edit) => {
            let now = record.claimed_at;
            Record { action: Action::Create, ..again(record, NamedReason::MessageDeleted, now) }
        }
        (Kind::Online, _) => {
            Record { detail: Some("The message was deleted on Discord.".into()), ..record }
        }
        _ => settle(record, Status::Skipped, NamedReason::MessageDeleted, None),
    }
}

async fn retry(
    app: &App,
    due: &DueDelivery,
    channel: ChannelId,
    mut record: Record,
    error: &Error,
    after: Option<std::time::Duration>,
) -> sqlx::Result<Record> {
    let now = app.clock.now();
    let asked = after.and_then(|wait| Duration::try_from(wait).ok());
    record.retry_after_ms = asked.and_then(|wait| i64::try_from(wait.whole_milliseconds()).ok());
    let Error::RateLimited { scope, .. } = error else {
        let wait = asked.unwrap_or_default().max(backoff(due));
        return Ok(again(record, NamedReason::DiscordUnavailable, now + wait));
    };
    // A quarter of a second and more on top: the others who wait must not all come at once.
    let spread = Duration::milliseconds(i64::from(due.delivery_id.0.as_bytes()[15]) + 100);
    let wait = asked.unwrap_or(Duration::SECOND) + spread;
    match scope {
        Scope::Global => sm_db::announce::gate::block(&app.pool, wait).await?,
        Scope::User | Scope::Shared => {
            sm_db::announce::gate::block_channel(&app.pool, channel, wait).await?;
        }
    }
    Ok(again(record, NamedReason::RateLimited, now + wait))
}

/// Discord will not take this message here; a check finds out why, in words.
async fn degrade(
    app: &App,
    due: &DueDelivery,
    channel: ChannelId,
    record: Record,
    reason: Defect,
) -> sqlx::Result<Record> {
    let now = app.clock.now();
    let Some(destination) = due.destination() else {
        return Ok(settle(record, Status::Skipped, NamedReason::DestinationRemoved, None));
    };
    let found = match gate::pass(app, preflight::REQUESTS).await {
        Ok(()) => preflight::recheck(app, destination, due.guild_id, channel, now).await?,
        Err(_) => None,
    };
    match found {
        // Nothing is missing as far as one can see: perhaps it is the embed.
        Some(Health::Good)
            if due.variant == Variant::Full && reason == Defect::MissingPermission =>
        {
            Ok(Record { variant: Variant::Text, ..again(record, NamedReason::Rebuilt, now) })
        }
        Some(Health::Good) | None => {
            sm_db::streamers::destinations::degrade(&app.pool, destination, reason.code(), now)
                .await?;
            Ok(settle(
                record,
                Status::Failed,
                NamedReason::from(reason),
                Some(reason.explain().to_owned()),
            ))
        }
        Some(broken) => Ok(failed(record, broken)),
    }
}

fn report(due: &DueDelivery, channel: ChannelId, record: &Record, error: &Error) {
    let (status, reason) = (record.status.as_str(), record.reason.map(|reason| reason.to_string()));
    tracing::warn!(
        %error, delivery.id = %due.delivery_id, delivery.kind = %due.kind, guild.id = %due.guild_id,
        channel.id = %channel, delivery.attempt = due.attempts, delivery.status = status, reason,
        "Discord refused a delivery"
    );
}
