//! What the bot found out about members of guilds, kept for minutes.

use sm_types::{GuildId, UserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// Remembers whether somebody is a member and what they may do.
pub async fn remember(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    user: UserId,
    permissions: Option<u64>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into guild_members (guild_id, user_id, member, permissions, checked_at)
         select guild_id, $2, $3, $4, $5 from guilds where guild_id = $1
         on conflict on constraint guild_members_pkey do update
         set member = excluded.member, permissions = excluded.permissions, checked_at = excluded.checked_at",
    )
    .bind(guild.to_db())
    .bind(user.to_db())
    .bind(permissions.is_some())
    .bind(permissions.unwrap_or(0).cast_signed())
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets what was found out about a user.
pub async fn forget(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<()> {
    sqlx::query("delete from guild_members where user_id = $1")
        .bind(user.to_db())
        .execute(db)
        .await?;
    Ok(())
}
