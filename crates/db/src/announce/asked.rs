//! For who asks why nothing was posted at some time: what was known then of the stream, and what became of it.

use sm_types::{DeliveryId, GuildId, SessionId, TwitchUserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// Whether a streamer is live.
pub async fn is_live(db: impl PgExecutor<'_>, streamer: &TwitchUserId) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from stream_sessions where twitch_user_id = $1 and ended_at is null)",
    )
    .bind(streamer.as_str())
    .fetch_one(db)
    .await
}

/// A stream, and one announcement of it; a stream without any has one row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Then {
    #[sqlx(try_from = "Uuid")]
    pub session_id: SessionId,
    pub started_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
    /// `eventsub`, or `reconciler`: found by the comparison, since no webhook came.
    pub source: String,
    /// Of the announcement, if there is one.
    pub delivery_id: Option<Uuid>,
    pub channel_id: Option<i64>,
    pub status: Option<String>,
    pub reason: Option<String>,
    pub message_id: Option<i64>,
    pub sent_at: Option<OffsetDateTime>,
}

impl Then {
    pub fn delivery(&self) -> Option<DeliveryId> {
        self.delivery_id.map(DeliveryId)
    }
}

/// The streams of a streamer that were under way between two times, with what became of them in a guild; 5 streams at most.
pub async fn streams(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: &TwitchUserId,
    (from, until): (OffsetDateTime, OffsetDateTime),
) -> sqlx::Result<Vec<Then>> {
    sqlx::query_as(
        "select s.session_id, s.started_at, s.ended_at, s.source, n.delivery_id, n.channel_id, n.status, n.reason,
           n.message_id, n.sent_at
         from (select * from stream_sessions
               where twitch_user_id = $2 and started_at <= $4 and coalesce(ended_at, $4) >= $3
               order by started_at desc limit 5) s
         left join deliveries n on n.session_id = s.session_id and n.guild_id = $1 and n.streamer_id = $2
           and n.kind = 'online'
         order by s.started_at desc, n.delivery_id",
    )
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .bind(from)
    .bind(until)
    .fetch_all(db)
    .await
}

/// Since when Twitch's telling of a streamer's streams is as it is now: its state, and since when.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Telling {
    /// `wanted`, `pending`, `enabled` or `failed`.
    pub state: String,
    pub since: OffsetDateTime,
}

/// How Twitch tells of a streamer's go-lives; `None` where it is not asked to.
pub async fn telling(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
) -> sqlx::Result<Option<Telling>> {
    sqlx::query_as(
        "select state, updated_at as since from eventsub_targets
         where twitch_user_id = $1 and type = 'stream.online' and state <> 'unwanted'",
    )
    .bind(streamer.as_str())
    .fetch_optional(db)
    .await
}
