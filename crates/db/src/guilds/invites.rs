//! Codes with which streamers add their own channel to a guild.

use sm_types::{GuildId, UserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Invite {
    /// The code in the link.
    pub code: String,
    /// The guild it leads to.
    #[sqlx(try_from = "i64")]
    pub guild_id: GuildId,
    pub guild_name: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Until when it works.
    pub expires_at: OffsetDateTime,
    /// How often it works; `None`: any number of times.
    pub max_uses: Option<i32>,
    /// How often it was used.
    pub uses: i32,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
    pub created_by_name: Option<String>,
}

const COLUMNS: &str =
    "i.code, i.guild_id, g.name as guild_name, i.created_at, i.expires_at, i.max_uses, i.uses,
  i.revoked_at, coalesce(u.global_name, u.username) as created_by_name
  from invite_links i join guilds g using (guild_id) left join users u on u.user_id = i.created_by";

/// An invite link to store.
#[derive(Debug, Clone)]
pub struct NewInvite<'a> {
    pub code: &'a str,
    pub guild: GuildId,
    pub by: UserId,
    pub now: OffsetDateTime,
    /// Until when it works.
    pub expires_at: OffsetDateTime,
    /// How often it works.
    pub max_uses: Option<i32>,
}

/// Stores a link; false when the guild has `limit` links that work.
pub async fn insert(
    db: impl PgExecutor<'_>,
    new: &NewInvite<'_>,
    limit: i64,
) -> sqlx::Result<bool> {
    let stored = sqlx::query(
        "insert into invite_links (code, guild_id, created_by, created_at, expires_at, max_uses)
         select $1, $2, $3, $4, $5, $6 where $7 > (
           select count(*) from invite_links where guild_id = $2 and revoked_at is null and expires_at > $4)",
    )
    .bind(new.code)
    .bind(new.guild.to_db())
    .bind(new.by.to_db())
    .bind(new.now)
    .bind(new.expires_at)
    .bind(new.max_uses)
    .bind(limit)
    .execute(db)
    .await?;
    Ok(stored.rows_affected() == 1)
}

/// The links of a guild, the latest first.
pub async fn list(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<Vec<Invite>> {
    let statement = format!(
        "select {COLUMNS} where i.guild_id = $1 order by i.created_at desc, i.code limit 100"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(guild.to_db()).fetch_all(db).await
}

/// A link that works: of an active guild, not expired, not revoked, not used up.
pub async fn find_valid(
    db: impl PgExecutor<'_>,
    code: &str,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Invite>> {
    let statement = format!(
        "select {COLUMNS} where i.code = $1 and g.status = 'active' and i.revoked_at is null and i.expires_at > $2
           and (i.max_uses is null or i.uses < i.max_uses)"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(code).bind(now).fetch_optional(db).await
}

/// Uses a link once; false when it does not work any more.
pub async fn spend(db: impl PgExecutor<'_>, code: &str, now: OffsetDateTime) -> sqlx::Result<bool> {
    let spent = sqlx::query(
        "update invite_links set uses = uses + 1
         where code = $1 and revoked_at is null and expires_at > $2 and (max_uses is null or uses < max_uses)",
    )
    .bind(code)
    .bind(now)
    .execute(db)
    .await?;
    Ok(spent.rows_affected() == 1)
}

/// Revokes a link of a guild; false when it has no such link that works.
pub async fn revoke(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    code: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let revoked = sqlx::query(
        "update invite_links set revoked_at = $3 where guild_id = $1 and code = $2 and revoked_at is null",
    )
    .bind(guild.to_db())
    .bind(code)
    .bind(now)
    .execute(db)
    .await?;
    Ok(revoked.rows_affected() == 1)
}
