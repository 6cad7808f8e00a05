//! Guilds and whether the bot is in them.

pub mod config;
pub mod invites;
pub mod members;
pub mod preferences;
pub mod status;
pub mod templates;

use sm_types::{ChannelId, GuildId, RoleId, UserId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// Inserts a guild or brings its name up to date; a guild that had left is active again.
pub async fn upsert(db: impl PgExecutor<'_>, guild: GuildId, name: &str) -> sqlx::Result<()> {
    sqlx::query(
        "insert into guilds (guild_id, name) values ($1, $2)
         on conflict on constraint guilds_pkey do update
         set name = excluded.name, status = 'active', left_at = null, updated_at = now()",
    )
    .bind(guild.to_db())
    .bind(name)
    .execute(db)
    .await?;
    Ok(())
}

/// Locks a guild until the transaction ends, so that a limit is counted by one at a time.
///
/// In a statement of its own: one that counts must begin after the lock is held. References to the
/// guild do not wait for it.
pub async fn lock(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<()> {
    sqlx::query("select from guilds where guild_id = $1 for no key update")
        .bind(guild.to_db())
        .execute(db)
        .await?;
    Ok(())
}

/// Records whether the bot is in the guild; what admins have configured stays either way. Whether that was news.
pub async fn set_present(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    present: bool,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let changed = sqlx::query(
        "update guilds set updated_at = $3, status = case when $2 then 'active' else 'left' end,
           left_at = case when $2 then null else coalesce(left_at, $3) end
         where guild_id = $1 and (status = 'active') <> $2",
    )
    .bind(guild.to_db())
    .bind(present)
    .bind(now)
    .execute(db)
    .await?;
    Ok(changed.rows_affected() > 0)
}

/// Whether a guild has ever had the bot and was not deleted since.
pub async fn is_known(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from guilds where guild_id = $1)")
        .bind(guild.to_db())
        .fetch_one(db)
        .await
}

/// Whether the bot is in a guild, as far as we know.
pub async fn is_active(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from guilds where guild_id = $1 and status = 'active')",
    )
    .bind(guild.to_db())
    .fetch_one(db)
    .await
}

/// Records a guild's icon and, the first time, who added it.
pub async fn describe(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    icon: Option<&str>,
    added_by: Option<UserId>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update guilds set icon = coalesce($2, icon), added_by = coalesce(added_by, $3) where guild_id = $1",
    )
    .bind(guild.to_db())
    .bind(icon)
    .bind(added_by.map(UserId::to_db))
    .execute(db)
    .await?;
    Ok(())
}

/// Which of these guilds we know to have the bot.
pub async fn active_among(
    db: impl PgExecutor<'_>,
    guilds: &[GuildId],
) -> sqlx::Result<Vec<GuildId>> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "select guild_id from guilds where guild_id = any($1) and status = 'active'",
    )
    .bind(guilds.iter().map(|guild| guild.to_db()).collect::<Vec<_>>())
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(GuildId::from_db).collect())
}

/// A stretch of the bot's guilds at Discord, which lists them by id.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The last id of the page before.
    pub after: GuildId,
    /// The page's own last id; none when the list ends here.
    pub up_to: Option<GuildId>,
}

/// The active guilds that should be on a page.
///
/// A guild that was added within 10 minutes may be missing from a list that is older.
pub async fn expected(
    db: impl PgExecutor<'_>,
    page: Page,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<GuildId>> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "select guild_id from guilds
         where status = 'active' and created_at < $1 - interval '10 minutes' and guild_id > $2 and guild_id <= $3",
    )
    .bind(now)
    .bind(page.after.to_db())
    .bind(page.up_to.map_or(i64::MAX, GuildId::to_db))
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(GuildId::from_db).collect())
}

/// Guilds that the bot left before a moment.
pub async fn left_before(
    db: impl PgExecutor<'_>,
    before: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar(
        "select guild_id from guilds where status = 'left' and left_at < $1 order by left_at limit $2",
    )
    .bind(before)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Deletes a guild with all that belongs to it; what there is much of is deleted before, in batches.
pub async fn delete(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<u64> {
    let gone = sqlx::query("delete from guilds where guild_id = $1").bind(guild.to_db());
    Ok(gone.execute(db).await?.rows_affected())
}

/// A table with rows of guilds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Guild,
    Config,
    Templates,
    Follows,
    /// Where it announces them.
    Destinations,
    /// Its members' wishes.
    Preferences,
    Invites,
    /// What became of its announcements.
    Deliveries,
    /// What was done in it.
    Audit,
}

impl Table {
    /// All of them, small ones first.
    pub const ALL: [Self; 9] = [
        Self::Guild,
        Self::Config,
        Self::Templates,
        Self::Follows,
        Self::Destinations,
        Self::Preferences,
        Self::Invites,
        Self::Deliveries,
        Self::Audit,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Guild => "guilds",
            Self::Config => "guild_config",
            Self::Templates => "message_templates",
            Self::Follows => "guild_streamers",
            Self::Destinations => "destinations",
            Self::Preferences => "user_preferences",
            Self::Invites => "invite_links",
            Self::Deliveries => "deliveries",
            Self::Audit => "audit_log",
        }
    }

    /// What tells a row from the others of its guild, as text that sorts.
    fn key(self) -> &'static str {
        match self {
            Self::Guild | Self::Config => "guild_id::text",
            Self::Templates => "template_id::text",
            Self::Follows => "twitch_user_id",
            Self::Destinations => "destination_id::text",
            Self::Preferences => "twitch_user_id || ' ' || user_id",
            Self::Invites => "code",
            Self::Deliveries => "delivery_id::text",
            Self::Audit => "audit_id::text",
        }
    }
}

/// Rows of a guild in a table as JSON, with the key to go on after.
pub async fn export(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    table: Table,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<(String, serde_json::Value)>> {
    let (name, key) = (table.name(), table.key());
    let statement = format!(
        "select {key} as key, to_jsonb(t) from {name} t where guild_id = $1 and {key} > $2 order by key limit $3"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(guild.to_db())
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// Whom an announcement mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mention {
    /// Nobody.
    None,
    Role(RoleId),
    Everyone,
    Here,
    /// The members who asked for it, by name.
    Members,
}

impl Mention {
    /// The kind as stored.
    pub fn kind(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Role(_) => "role",
            Self::Everyone => "everyone",
            Self::Here => "here",
            Self::Members => "members",
        }
    }

    /// The role, where there is one.
    pub fn role(self) -> Option<RoleId> {
        if let Self::Role(role) = self { Some(role) } else { None }
    }

    /// The mention from its stored form; what is not known mentions nobody.
    pub fn from_db(kind: &str, role: Option<i64>) -> Self {
        match (kind, role) {
            ("role", Some(role)) => Self::Role(RoleId::from_db(role)),
            ("everyone", _) => Self::Everyone,
            ("here", _) => Self::Here,
            ("members", _) => Self::Members,
            _ => Self::None,
        }
    }
}

/// Sets a guild's default channel and mention; creates the configuration when it is missing.
pub async fn configure(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    channel: Option<ChannelId>,
    mention: Mention,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into guild_config (guild_id, default_channel_id, mention, mention_role_id)
         values ($1, $2, $3, $4)
         on conflict on constraint guild_config_pkey do update
         set default_channel_id = excluded.default_channel_id, mention = excluded.mention,
             mention_role_id = excluded.mention_role_id, updated_at = now()",
    )
    .bind(guild.to_db())
    .bind(channel.map(ChannelId::to_db))
    .bind(mention.kind())
    .bind(mention.role().map(RoleId::to_db))
    .execute(db)
    .await?;
    Ok(())
}

pub async fn name(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select name from guilds where guild_id = $1")
        .bind(guild.to_db())
        .fetch_optional(db)
        .await
}

/// A guild at a glance.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Summary {
    pub name: String,
    pub streamers: i64,
    /// Those who are live.
    pub live: i64,
    /// Whether anything was ever posted, tests included.
    pub posted: bool,
}

/// A guild at a glance.
pub async fn summary(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<Option<Summary>> {
    sqlx::query_as(
        "select g.name,
           (select count(*) from guild_streamers f where f.guild_id = g.guild_id) as streamers,
           (select count(*) from guild_streamers f where f.guild_id = g.guild_id and exists
             (select from stream_sessions s where s.twitch_user_id = f.twitch_user_id and s.ended_at is null)) as live,
           coalesce((select true from deliveries n where n.guild_id = g.guild_id and n.status = 'sent'
                     order by n.delivery_id desc limit 1), false) as posted
         from guilds g where g.guild_id = $1",
    )
    .bind(guild.to_db())
    .fetch_optional(db)
    .await
}
