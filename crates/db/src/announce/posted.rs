//! What is known of messages in a channel, for whoever looks there before posting again.

use super::history::first_uuid_of;
use sm_types::{ChannelId, DeliveryId, GuildId, MessageId};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Which of these messages of a channel belong to a delivery other than `delivery`, or are tests.
///
/// One that nobody has recorded yet is not among them: its worker may have died.
pub async fn of_others(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    channel: ChannelId,
    messages: &[MessageId],
    delivery: Option<DeliveryId>,
) -> sqlx::Result<Vec<MessageId>> {
    let found: Vec<i64> = sqlx::query_scalar(
        "select distinct message_id from deliveries
         where guild_id = $4 and channel_id = $1 and message_id = any($2) and delivery_id is distinct from $3
           and delivery_id >= $5",
    )
    .bind(channel.to_db())
    .bind(messages.iter().map(|message| message.to_db()).collect::<Vec<_>>())
    .bind(delivery.map(|DeliveryId(id)| id) as Option<Uuid>)
    .bind(guild.to_db())
    .bind(earliest(messages))
    .fetch_all(db)
    .await?;
    Ok(found.into_iter().map(MessageId::from_db).collect())
}

/// Whether an attempt before this one may have posted: one whose request left and was not refused, or one
/// that nothing is known of, since its worker died.
///
/// Attempts before `first_claimed_at` are those of an earlier send, which a resend does not repeat.
pub async fn is_possible(
    db: impl PgExecutor<'_>,
    delivery: DeliveryId,
    attempt: i32,
    first_claimed_at: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select count(*) < $2 - 1 from delivery_attempts
         where delivery_id = $1 and attempt < $2
           and (claimed_at < $3 or sent_at is null or http_status between 400 and 499)",
    )
    .bind(delivery.0)
    .bind(attempt)
    .bind(first_claimed_at)
    .fetch_one(db)
    .await
}

/// The smallest id of a delivery that may have posted one of these messages: none waits for more than a day.
fn earliest(messages: &[MessageId]) -> Uuid {
    let first = messages.iter().map(|message| message.created_at_unix_ms()).min().unwrap_or(0);
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(first) * 1_000_000);
    at.map_or(Uuid::nil(), |at| first_uuid_of(at - Duration::days(2)))
}
