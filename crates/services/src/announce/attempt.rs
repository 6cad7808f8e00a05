//! One attempt at one delivery.

use crate::{
    App,
    announce::{
        gate::{self, Admission, Brake},
        outcome,
        preflight::{self, Health},
        render::{self, Rendered},
    },
};
use sm_aws::metrics::{Counter, Gauge};
use sm_db::{
    announce::deliveries::{DueDelivery, Record},
    guilds::preferences::Audience,
};
use sm_discord::{CreateMessage, EditMessage, Error, Message, Reply};
use sm_types::{
    ChannelId, MessageId,
    announcement::{Action, Kind, NamedReason, Reason, Status},
};
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;

/// Discord remembers a nonce for "a few minutes"; after this long we look before we send again.
const NONCE_TRUSTED: Duration = Duration::minutes(2);

/// The outcome of an attempt.
pub(super) struct Finished {
    pub(super) record: Record,
    /// Counts towards Discord's limit of invalid requests.
    pub(super) invalid_request: bool,
}

impl From<Record> for Finished {
    fn from(record: Record) -> Self {
        Self { record, invalid_request: false }
    }
}

/// Sends a delivery at `slot`, unless something stands in its way.
pub(super) async fn run(
    app: &App,
    due: DueDelivery,
    slot: Instant,
    brake: &Brake,
) -> sqlx::Result<Finished> {
    let now = app.clock.now();
    let mut record = blank(&due, now);
    if let Some((status, reason)) = obstacle(&due, now) {
        return Ok(settle(record, status, reason, None).into());
    }
    let Some(channel) = due.channel() else {
        return Ok(settle(record, Status::Failed, NamedReason::NoChannel, None).into());
    };
    if due.degraded_reason.is_some()
        && let Some(settled) = recheck(app, &due, channel, &record).await?
    {
        return Ok(settled.into());
    }
    if let Some(message) = posted_before(app, &due, channel, now).await {
        return Ok(sent(record, message).into());
    }
    let rendered = rendered(app, &due, now, &mut record).await?;
    tokio::time::sleep_until(slot).await;
    if brake.pulled() {
        return Ok(outcome::again(record, NamedReason::CircuitOpen, now + gate::PATIENCE).into());
    }
    record.sent_at = Some(app.clock.now());
    let answer = request(app, &due, channel, &rendered).await;
    Counter::DiscordRequest.count();
    record.answered_at = Some(app.clock.now());
    match answer {
        Ok(answer) => accepted(app, &due, channel, rendered, record, answer).await,
        Err(error) => outcome::refused(app, &due, channel, record, error, brake).await,
    }
}

fn blank(due: &DueDelivery, now: OffsetDateTime) -> Record {
    Record {
        delivery_id: due.delivery_id,
        attempt: due.attempts,
        status: Status::Sent,
        reason: None,
        reason_values: None,
        detail: None,
        due_at: None,
        variant: due.variant,
        action: due.action,
        message_id: None,
        opt_outs: 0,
        unhonoured_opt_outs: 0,
        unlisted_members: 0,
        http_status: None,
        discord_code: None,
        retry_after_ms: None,
        claimed_at: now,
        sent_at: None,
        answered_at: None,
        message_created_at: None,
    }
}

/// What makes sending pointless by now.
fn obstacle(due: &DueDelivery, now: OffsetDateTime) -> Option<(Status, NamedReason)> {
    if due.destination_id.is_none() {
        Some((Status::Skipped, NamedReason::DestinationRemoved))
    } else if due.ended_at.is_some() && due.kind != Kind::Offline {
        Some((Status::Skipped, NamedReason::StreamEnded))
    } else if now > due.expires_at {
        Some((Status::Expired, NamedReason::TooLate))
    } else {
        None
    }
}

pub(super) fn settle(
    record: Record,
    status: Status,
    reason: impl Into<Reason>,
    detail: Option<String>,
) -> Record {
    Record { status, reason: Some(reason.into()), detail, ..record }
}

fn sent(record: Record, message: MessageId) -> Record {
    let ms = i128::from(message.created_at_unix_ms());
    let created = OffsetDateTime::from_unix_timestamp_nanos(ms * 1_000_000).ok();
    Record {
        status: Status::Sent,
        message_id: Some(message),
        message_created_at: created,
        ..record
    }
}

/// Looks at a degraded destination again; `None` when it is healthy now.
async fn recheck(
    app: &App,
    due: &DueDelivery,
    channel: ChannelId,
    record: &Record,
) -> sqlx::Result<Option<Record>> {
    let now = app.clock.now();
    if let Admission::Later(wait) = gate::admit(app, preflight::REQUESTS).await? {
        return Ok(Some(outcome::again(record.clone(), NamedReason::RateLimited, now + wait)));
    }
    let Some(destination) = due.destination() else { return Ok(None) };
    let found = preflight::recheck(app, destination, due.guild_id, channel, now).await?;
    Ok(match found {
        Some(Health::Good) => None,
        None => Some(outcome::again(
            record.clone(),
            NamedReason::DiscordUnavailable,
            now + outcome::backoff(due),
        )),
        Some(broken) => Some(failed(record.clone(), broken)),
    })
}

/// The record of a destination that a check has found broken.
pub(super) fn failed(record: Record, health: Health) -> Record {
    match health {
        Health::Broken { reason, detail, .. } => {
            settle(record, Status::Failed, NamedReason::from(reason), Some(detail))
        }
        _ => {
            let detail = "The bot is not in this server any more. Invite it again.".to_owned();
            settle(record, Status::Failed, NamedReason::NotInGuild, Some(detail))
        }
    }
}

/// Looks for the message that an earlier attempt may have posted, once the nonce may be forgotten.
async fn posted_before(
    app: &App,
    due: &DueDelivery,
    channel: ChannelId,
    now: OffsetDateTime,
) -> Option<MessageId> {
    let stale = now - due.first_claimed_at > NONCE_TRUSTED;
    if due.action != Action::Create || due.attempts < 2 || !stale {
        return None;
    }
    let link = format!("twitch.tv/{}", due.login);
    let recent = app.discord.recent_messages(channel, 50).await.ok()?.body;
    let me = app.discord.current_user().await.ok()?.body.id;
    let since = (due.first_claimed_at - Duration::seconds(5)).unix_timestamp() * 1000;
    let found = recent.into_iter().find(|message| {
        message.author.id == me
            && i64::try_from(message.id.created_at_unix_ms()).is_ok_and(|at| at >= since)
            && message.mentions_link(&link)
    })?;
    tracing::info!(delivery.id = %due.delivery_id, message.id = %found.id, "an earlier attempt had posted");
    Some(found.id)
}

/// Renders the message and notes whose wishes it honours and whose it cannot.
async fn rendered(
    app: &App,
    due: &DueDelivery,
    now: OffsetDateTime,
    record: &mut Record,
) -> sqlx::Result<Rendered> {
    let audience = match (due.mention.as_str(), due.action) {
        ("none", _) => Audience::default(),
        ("members", _) | (_, Action::Create) => {
            sm_db::guilds::preferences::audience(&app.pool, due.guild_id, &due.twitch_user_id)
                .await?
        }
        _ => Audience::default(),
    };
    if due.mention == "members" {
        record.opt_outs = audience.opted_out;
    } else {
        record.unhonoured_opt_outs = audience.opted_out;
    }
    let ping = due.action == Action::Create;
    let rendered = render::render(due, &audience, ping, now);
    if due.mention == "members" {
        record.unlisted_members = i32::try_from(rendered.unlisted).unwrap_or(i32::MAX);
    }
    Ok(rendered)
}

/// Asks Discord; `None` where the answer has no message.
async fn request(
    app: &App,
    due: &DueDelivery,
    channel: ChannelId,
    rendered: &Rendered,
) -> Result<Option<Reply<Message>>, Error> {
    let content = Some(rendered.message.content.clone());
    let embeds = rendered.message.embeds.clone();
    match (due.action, due.message()) {
        (Action::Edit, Some(message)) => {
            let allowed_mentions = rendered.mentions.clone();
            let body = EditMessage { content, embeds, allowed_mentions };
            app.discord.edit_message(channel, message, &body).await.map(Some)
        }
        (Action::Delete, Some(message)) => {
            app.discord.delete_message(channel, message).await.map(|_| None)
        }
        _ => {
            let body = CreateMessage {
                content,
                embeds,
                allowed_mentions: rendered.mentions.clone(),
                nonce: sm_discord::nonce(due.delivery_id, channel, due.resends),
                enforce_nonce: true,
                flags: None,
            };
            app.discord.create_message(channel, &body).await.map(Some)
        }
    }
}

async fn accepted(
    app: &App,
    due: &DueDelivery,
    channel: ChannelId,
    rendered: Rendered,
    mut record: Record,
    answer: Option<Reply<Message>>,
) -> sqlx::Result<Finished> {
    record.http_status = Some(if answer.is_some() { 200 } else { 204 });
    let Some(Reply { body: message, limits }) = answer else {
        return Ok(record.into());
    };
    if let (Some(0), Some(wait)) = (limits.remaining, limits.reset_after) {
        let wait = Duration::try_from(wait).unwrap_or(Duration::SECOND);
        sm_db::announce::gate::block_channel(&app.pool, channel, wait).await?;
    }
    if message.embed_count == 0 && !rendered.message.embeds.is_empty() {
        record.detail =
            Some("Discord left the embed out. Grant the bot \"Embed Links\" here.".into());
    }
    let latency = app.clock.now() - due.received_at;
    if (due.kind, due.action, due.resends) == (Kind::Online, Action::Create, 0) {
        let ms = i64::try_from(latency.whole_milliseconds()).unwrap_or(i64::MAX);
        Gauge::WebhookToDiscord.note(ms);
    }
    tracing::debug!(
        delivery.id = %due.delivery_id, delivery.kind = %due.kind, guild.id = %due.guild_id,
        channel.id = %channel, message.id = %message.id, streamer.login = due.login,
        delivery.attempt = due.attempts, delivery.latency_ms = latency.whole_milliseconds() as i64,
        "delivered"
    );
    Ok(sent(record, message.id).into())
}
