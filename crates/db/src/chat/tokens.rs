//! Tokens with which programs run a channel's commands.

use sm_types::TwitchUserId;
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A last use is written down once in so long.
const NOTED_EVERY: Duration = Duration::minutes(1);

/// A token, without what it is.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Stored {
    pub token_id: Uuid,
    pub name: String,
    pub scopes: Vec<String>,
    pub created_at: OffsetDateTime,
    pub last_used_at: Option<OffsetDateTime>,
}

/// A channel's tokens that are not revoked, newest first.
pub async fn list(db: impl PgExecutor<'_>, channel: &TwitchUserId) -> sqlx::Result<Vec<Stored>> {
    sqlx::query_as(
        "select token_id, name, scopes, created_at, last_used_at from chat_tokens
         where twitch_user_id = $1 and revoked_at is null order by token_id desc",
    )
    .bind(channel.as_str())
    .fetch_all(db)
    .await
}

/// Stores a token's hash; `None`: the channel has `most` already.
pub async fn insert(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    name: &str,
    hash: &[u8],
    scopes: &[String],
    most: i64,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "insert into chat_tokens (twitch_user_id, name, hash, scopes)
         select $1, $2, $3, $4
         where (select count(*) from chat_tokens where twitch_user_id = $1 and revoked_at is null) < $5
         returning token_id",
    )
    .bind(channel.as_str())
    .bind(name)
    .bind(hash)
    .bind(scopes)
    .bind(most)
    .fetch_optional(db)
    .await
}

/// Revokes a token; its name, if it was there.
pub async fn revoke(
    db: impl PgExecutor<'_>,
    channel: &TwitchUserId,
    token: Uuid,
    now: OffsetDateTime,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "update chat_tokens set revoked_at = $3
         where twitch_user_id = $1 and token_id = $2 and revoked_at is null
         returning name",
    )
    .bind(channel.as_str())
    .bind(token)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// The channel and scopes of a token that is in use, by its hash; notes that it was used.
pub async fn authenticate(
    db: impl PgExecutor<'_>,
    hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Option<(Uuid, TwitchUserId, Vec<String>)>> {
    let found: Option<(Uuid, String, Vec<String>)> = sqlx::query_as(
        "with noted as (
           update chat_tokens set last_used_at = $2
           where hash = $1 and revoked_at is null
             and (last_used_at is null or last_used_at < $2 - $3::interval)
         )
         select token_id, twitch_user_id, scopes from chat_tokens
         where hash = $1 and revoked_at is null",
    )
    .bind(hash)
    .bind(now)
    .bind(NOTED_EVERY)
    .fetch_optional(db)
    .await?;
    Ok(found.map(|(id, channel, scopes)| (id, TwitchUserId(channel), scopes)))
}
