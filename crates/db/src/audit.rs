//! What admins did and what was denied.

use crate::live::topics::telling_each;
use sm_types::{GuildId, UserId};
use sqlx::{PgExecutor, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

/// An entry to write.
#[derive(Debug, Clone)]
pub struct NewEntry<'a> {
    /// When.
    pub at: OffsetDateTime,
    /// The guild it is about.
    pub guild: Option<GuildId>,
    /// Who.
    pub actor: Option<UserId>,
    /// What, as in `guild_config.update`.
    pub action: &'a str,
    /// On what.
    pub target: Option<&'a str>,
    /// Whether it was denied.
    pub denied: bool,
    /// What was before.
    pub before: Option<serde_json::Value>,
    /// What is now.
    pub after: Option<serde_json::Value>,
    pub request_id: Option<&'a str>,
    /// What pages of the guild's have to ask for again, as in `settings`.
    pub changes: Option<&'a str>,
}

/// Writes an entry, and tells whoever looks at the guild's pages.
pub async fn insert(db: impl PgExecutor<'_>, entry: &NewEntry<'_>) -> sqlx::Result<()> {
    sqlx::query(concat!(
        "with changes as (
           select 'server:' || $2::bigint as topic, $10::text as subject,
             jsonb_build_object('what', jsonb_build_array($10::text)) as data
           where $2 is not null and $10 is not null
         ), ",
        telling_each!("changed"),
        " insert into audit_log (at, guild_id, actor_id, action, target, outcome, before, after, request_id)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    ))
    .bind(entry.at)
    .bind(entry.guild.map(GuildId::to_db))
    .bind(entry.actor.map(UserId::to_db))
    .bind(entry.action)
    .bind(entry.target)
    .bind(if entry.denied { "denied" } else { "done" })
    .bind(entry.before.as_ref().map(Json))
    .bind(entry.after.as_ref().map(Json))
    .bind(entry.request_id)
    .bind(entry.changes)
    .execute(db)
    .await?;
    Ok(())
}

/// An entry of the log.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Entry {
    /// The entry.
    pub audit_id: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// The guild it is about.
    pub guild_id: Option<i64>,
    /// Who.
    pub actor_id: Option<i64>,
    /// Their name, while we know them.
    pub actor_name: Option<String>,
    /// What.
    pub action: String,
    /// On what.
    pub target: Option<String>,
    /// `done` or `denied`.
    pub outcome: String,
    /// What was before.
    pub before: Option<Json<serde_json::Value>>,
    /// What is now.
    pub after: Option<Json<serde_json::Value>>,
    pub request_id: Option<String>,
}

/// The log of a guild, or of one thing in it, the latest first, behind a cursor.
pub async fn of_guild(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    target: Option<&str>,
    before: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as(
        "select a.audit_id, a.at, a.guild_id, a.actor_id, coalesce(u.global_name, u.username) as actor_name,
           a.action, a.target, a.outcome, a.before, a.after, a.request_id
         from audit_log a left join users u on u.user_id = a.actor_id
         where a.guild_id = $1 and ($2::text is null or a.target = $2)
           and ($3::uuid is null or a.audit_id < $3)
         order by a.audit_id desc limit $4",
    )
    .bind(guild.to_db())
    .bind(target)
    .bind(before)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// On what a request of the last hour has done something, as far as a guild's log tells.
pub async fn targets_of(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    action: &str,
    request_id: &str,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select target from audit_log
         where guild_id = $1 and audit_id >= uuid_at(now() - interval '1 hour') and action = $2 and request_id = $3
           and outcome = 'done' and target is not null",
    )
    .bind(guild.to_db())
    .bind(action)
    .bind(request_id)
    .fetch_all(db)
    .await
}

/// What a user did, the latest first.
pub async fn of_actor(
    db: impl PgExecutor<'_>,
    actor: UserId,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as(
        "select a.audit_id, a.at, a.guild_id, a.actor_id, null::text as actor_name,
           a.action, a.target, a.outcome, a.before, a.after, a.request_id
         from audit_log a where a.actor_id = $1 order by a.audit_id desc limit $2",
    )
    .bind(actor.to_db())
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Removes a person from the log; what was done stays.
pub async fn forget_actor(db: impl PgExecutor<'_>, actor: UserId) -> sqlx::Result<()> {
    sqlx::query("update audit_log set actor_id = null where actor_id = $1")
        .bind(actor.to_db())
        .execute(db)
        .await?;
    Ok(())
}
