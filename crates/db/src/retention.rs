//! Deleting much: in bounded batches, each a transaction of its own, so that nobody waits for long.

use sm_types::GuildId;
use sqlx::PgExecutor;

/// What a batch has deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Purged {
    /// Deliveries, with their attempts.
    pub deliveries: i64,
    /// Members' wishes.
    pub preferences: i64,
    /// Entries of the log.
    pub audit_entries: i64,
}

impl Purged {
    /// How many rows.
    pub fn rows(self) -> i64 {
        self.deliveries + self.preferences + self.audit_entries
    }
}

/// Deletes up to `limit` rows of each kind that a guild has many of; the guild itself is left.
///
/// `audit`: the guild's log as well.
pub async fn purge_guild(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    audit: bool,
    limit: i64,
) -> sqlx::Result<Purged> {
    sqlx::query_as(
        "with deliveries as (
           delete from notification_log where delivery_id in (
             select delivery_id from notification_log where guild_id = $1 limit $3)
           returning 1
         ), preferences as (
           delete from user_preferences where ctid = any(array(
             select ctid from user_preferences where guild_id = $1 limit $3))
           returning 1
         ), entries as (
           delete from audit_log where $2 and audit_id in (
             select audit_id from audit_log where guild_id = $1 limit $3)
           returning 1
         )
         select (select count(*) from deliveries) as deliveries, (select count(*) from preferences) as preferences,
           (select count(*) from entries) as audit_entries",
    )
    .bind(guild.to_db())
    .bind(audit)
    .bind(limit)
    .fetch_one(db)
    .await
}

/// How much a guild has of what [`purge_guild`] deletes.
pub async fn count_guild(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<Purged> {
    sqlx::query_as(
        "select (select count(*) from notification_log where guild_id = $1) as deliveries,
           (select count(*) from user_preferences where guild_id = $1) as preferences,
           (select count(*) from audit_log where guild_id = $1) as audit_entries",
    )
    .bind(guild.to_db())
    .fetch_one(db)
    .await
}
