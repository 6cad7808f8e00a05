//! Where a guild announces a streamer, and how a refusal is remembered and healed.

use crate::guilds::Mention;
use sm_types::{ChannelId, DestinationId, GuildId, RoleId, TwitchUserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

/// Adds a destination, or returns the one that is there; `None` means the guild's default channel.
pub async fn insert(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    streamer: &TwitchUserId,
    channel: Option<ChannelId>,
    mention: Option<Mention>,
) -> sqlx::Result<DestinationId> {
    sqlx::query_scalar(
        "insert into destinations (guild_id, twitch_user_id, channel_id, mention, mention_role_id)
         values ($1, $2, $3, $4, $5)
         on conflict (guild_id, twitch_user_id, coalesce(channel_id, 0))
         do update set mention = excluded.mention, mention_role_id = excluded.mention_role_id
         returning destination_id",
    )
    .bind(guild.to_db())
    .bind(streamer.as_str())
    .bind(channel.map(ChannelId::to_db))
    .bind(mention.map(Mention::kind))
    .bind(mention.and_then(Mention::role).map(RoleId::to_db))
    .fetch_one(db)
    .await
    .map(DestinationId)
}

/// Marks a destination degraded, or keeps it so, and plans the next check.
///
/// The wait doubles with each failed check, from 5 minutes to a day.
pub async fn degrade(
    db: impl PgExecutor<'_>,
    destination: DestinationId,
    reason: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update destinations set degraded_reason = $2, degraded_at = coalesce(degraded_at, $3),
           failed_checks = failed_checks + 1,
           next_check_at = $3 + least(interval '5 minutes' * 2 ^ least(failed_checks, 10), interval '1 day')
         where destination_id = $1",
    )
    .bind(destination.0)
    .bind(reason)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Marks a destination healthy again.
pub async fn heal(db: impl PgExecutor<'_>, destination: DestinationId) -> sqlx::Result<()> {
    sqlx::query(
        "update destinations set degraded_reason = null, degraded_at = null, next_check_at = null,
           failed_checks = 0
         where destination_id = $1 and degraded_reason is not null",
    )
    .bind(destination.0)
    .execute(db)
    .await?;
    Ok(())
}

/// A degraded destination to look at again.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueCheck {
    #[sqlx(try_from = "Uuid")]
    pub destination_id: DestinationId,
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    /// Its channel, the guild's default included.
    pub channel_id: Option<i64>,
}

/// Claims up to `limit` degraded destinations whose check is due, and puts others off for 5 minutes.
pub async fn claim_checks(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<DueCheck>> {
    sqlx::query_as(
        "with due as (
           select destination_id from destinations
           where degraded_reason is not null and next_check_at <= $1
           order by next_check_at limit $2 for update skip locked
         )
         update destinations d set next_check_at = $1 + interval '5 minutes'
         from due where d.destination_id = due.destination_id
         returning d.destination_id, d.guild_id, coalesce(d.channel_id,
           (select default_channel_id from guild_config c where c.guild_id = d.guild_id)) as channel_id",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// A destination to which nothing can be posted now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Broken {
    /// The streamer.
    pub twitch_user_id: String,
    /// The streamer's login.
    pub login: String,
    /// The channel, when it is not the guild's default.
    pub channel_id: Option<i64>,
    /// Why.
    pub reason: String,
}

/// The degraded destinations of a guild; 20 at most.
pub async fn broken(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<Vec<Broken>> {
    sqlx::query_as(
        "select d.twitch_user_id, t.login, d.channel_id, d.degraded_reason as reason
         from destinations d join streamers t using (twitch_user_id)
         where d.guild_id = $1 and d.degraded_reason is not null order by d.degraded_at limit 20",
    )
    .bind(guild.to_db())
    .fetch_all(db)
    .await
}
