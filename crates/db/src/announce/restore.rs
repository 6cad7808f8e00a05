//! After a restore of an older copy: taking up what was posted since.

use sm_types::{ChannelId, DestinationId, GuildId, MessageId, SessionId, TwitchUserId};
use sqlx::{PgExecutor, types::Uuid};
use time::OffsetDateTime;

/// A place where an announcement may have been posted since the copy was made.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Place {
    #[sqlx(try_from = "Uuid")]
    pub destination_id: DestinationId,
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    #[sqlx(try_from = "i64")]
    pub channel_id: ChannelId,
    /// The streamer's login.
    pub login: String,
}

/// The places of a streamer's announcements.
pub async fn places(db: impl PgExecutor<'_>, streamer: &TwitchUserId) -> sqlx::Result<Vec<Place>> {
    sqlx::query_as(
        "select d.destination_id, d.guild_id, coalesce(d.channel_id, c.default_channel_id) as channel_id, t.login
         from destinations d join streamers t using (twitch_user_id) join guilds g using (guild_id)
         left join guild_config c using (guild_id)
         where d.twitch_user_id = $1 and g.status = 'active' and coalesce(d.channel_id, c.default_channel_id) is not null
         order by d.destination_id",
    )
    .bind(streamer.as_str())
    .fetch_all(db)
    .await
}

/// Whether a destination has an announcement of a session that is settled.
pub async fn is_settled(
    db: impl PgExecutor<'_>,
    session: SessionId,
    destination: DestinationId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from notification_log where session_id = $1 and destination_id = $2
           and kind = 'online' and status not in ('pending', 'sending'))",
    )
    .bind(session.0)
    .bind(destination.0)
    .fetch_one(db)
    .await
}

/// Takes a message up as the announcement of a session, so that it is edited and not posted again.
pub async fn adopt(
    db: impl PgExecutor<'_>,
    session: SessionId,
    place: &Place,
    message: MessageId,
    sent_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into notification_log as n (destination_id, session_id, guild_id, channel_id, kind, action, status,
           reason, detail, due_at, expires_at, message_id, received_at, committed_at, sent_at, finished_at, streamer_id)
         select $2, session_id, $3, $4, 'online', 'create', 'sent', 'taken_up',
           'It was found in the channel after a restore of the database.', $6, $6, $5, $6, $6, $6,
           $6, twitch_user_id
         from stream_sessions where session_id = $1
         on conflict on constraint notification_log_once_key do update
         set status = 'sent', message_id = excluded.message_id, detail = excluded.detail, reason = excluded.reason,
             reason_values = null,
             sent_at = excluded.sent_at, finished_at = excluded.finished_at
         where n.status in ('pending', 'sending')",
    )
    .bind(session.0)
    .bind(place.destination_id.0)
    .bind(place.guild_id.to_db())
    .bind(place.channel_id.to_db())
    .bind(message.to_db())
    .bind(sent_at)
    .execute(db)
    .await?;
    Ok(())
}

/// Ends all sign-ins: some may have been ended since the copy was made. Returns how many.
pub async fn sign_everybody_out(db: impl PgExecutor<'_>, now: OffsetDateTime) -> sqlx::Result<u64> {
    let ended = sqlx::query(
        "update sessions set revoked_at = $1 where revoked_at is null and expires_at > $1",
    );
    Ok(ended.bind(now).execute(db).await?.rows_affected())
}
