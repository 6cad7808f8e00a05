//! What is remembered of streams and pings, to replay rules over it.

use super::history::first_uuid_of;
use sm_types::{GuildId, SessionId, TwitchUserId, rules::Facts};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// A stream that was, or is, live.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Recorded {
    #[sqlx(try_from = "Uuid")]
    pub session_id: SessionId,
    /// `live`, `rerun`, … as Twitch calls it.
    pub stream_type: String,
    pub started_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
    /// What rules saw of it. Of streams before there was this it is what was known of them last.
    #[sqlx(json)]
    pub seen: Facts,
    /// The session that it resumes.
    pub continues: Option<Uuid>,
}

/// The latest `limit` streams of a streamer that began since a moment, oldest first.
pub async fn sessions(
    db: impl PgExecutor<'_>,
    streamer: &TwitchUserId,
    since: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<Recorded>> {
    sqlx::query_as(
        "select * from (
           select session_id, type as stream_type, started_at, ended_at, continues,
             coalesce(seen, jsonb_build_object('title', title, 'game_id', game_id, 'game_name', game_name,
                                               'viewers', viewers)) as seen
           from stream_sessions where twitch_user_id = $1 and started_at >= $2
           order by started_at desc limit $3) latest
         order by started_at",
    )
    .bind(streamer.as_str())
    .bind(since)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// When a guild was pinged since a moment for other streamers than this one, the latest `limit`, oldest first.
pub async fn pings_for_others(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: &TwitchUserId,
    since: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<OffsetDateTime>> {
    sqlx::query_scalar(
        "select at from (
           select min(coalesce(sent_at, created_at)) as at from deliveries
           where guild_id = $1 and delivery_id >= $3 and kind = 'online' and action = 'create'
             and status in ('pending', 'sending', 'sent') and not silent and streamer_id <> $2
           group by session_id order by 1 desc limit $4) latest
         order by at",
    )
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .bind(first_uuid_of(since))
    .bind(limit)
    .fetch_all(db)
    .await
}
