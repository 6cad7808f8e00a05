//! Discord's types of channels, as far as they were asked for.

use sm_types::ChannelId;
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// Messages in channels of this type are published to other servers.
const ANNOUNCEMENTS: i16 = 5;

/// Whether messages in a channel of this type are published to other servers.
pub fn is_announcements(channel_type: i16) -> bool {
    channel_type == ANNOUNCEMENTS
}

/// Remembers a channel's type.
pub async fn note(
    db: impl PgExecutor<'_>,
    channel: ChannelId,
    channel_type: i16,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into channel_types (channel_id, type, seen_at) values ($1, $2, $3)
         on conflict on constraint channel_types_pkey do update set type = excluded.type, seen_at = excluded.seen_at",
    )
    .bind(channel.to_db())
    .bind(channel_type)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}
