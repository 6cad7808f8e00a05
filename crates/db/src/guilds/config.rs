//! A guild's configuration, saved against the revision it was made from.

use crate::guilds::Mention;
use sm_types::{ChannelId, GuildId, RoleId, TemplateId, rules::RuleSet};
use sqlx::{PgExecutor, types::Json};
use time::Time;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuildConfig {
    /// Whether anything is announced.
    pub enabled: bool,
    /// Where, unless a streamer says otherwise.
    pub default_channel: Option<ChannelId>,
    /// How, unless a streamer says otherwise; `None`: the product's own template.
    pub template: Option<TemplateId>,
    /// Whom to mention.
    pub mention: Mention,
    /// A stream that comes back within this time re-opens its message; 0 turns that off.
    pub merge_window_seconds: i32,
    /// What becomes of a message when the stream ends: `leave`, `edit` or `delete`.
    pub end_action: String,
    /// Types of streams that are announced, such as `live` and `rerun`.
    pub announce_types: Vec<String>,
    /// Begin and end of the quiet hours, in the guild's time zone.
    pub quiet_hours: Option<(Time, Time)>,
    /// An IANA name.
    pub timezone: String,
    /// What of its streamers' feeds members may see; `None` to save: as it was.
    pub feed_kinds: Option<Vec<String>>,
    /// What has to hold beside all this; `None` to save: as it was.
    pub rules: Option<RuleSet>,
}

#[derive(sqlx::FromRow)]
struct Row {
    enabled: bool,
    default_channel_id: Option<i64>,
    template_id: Option<uuid::Uuid>,
    mention: String,
    mention_role_id: Option<i64>,
    merge_window_seconds: i32,
    end_action: String,
    announce_types: Vec<String>,
    quiet_from: Option<Time>,
    quiet_until: Option<Time>,
    timezone: String,
    feed_kinds: Vec<String>,
    rules: Option<Json<RuleSet>>,
    revision: i32,
}

/// Creates the configuration with its defaults unless there is one.
pub async fn create_default(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<()> {
    sqlx::query("insert into guild_config (guild_id) values ($1) on conflict do nothing")
        .bind(guild.to_db())
        .execute(db)
        .await?;
    Ok(())
}

/// Reads a guild's configuration and its revision.
pub async fn find(
    db: impl PgExecutor<'_>,
    guild: GuildId,
) -> sqlx::Result<Option<(GuildConfig, i32)>> {
    let row: Option<Row> = sqlx::query_as(
        "select enabled, default_channel_id, template_id, mention, mention_role_id, merge_window_seconds,
           end_action, announce_types, quiet_from, quiet_until, timezone, feed_kinds, rules, revision
         from guild_config where guild_id = $1",
    )
    .bind(guild.to_db())
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let config = GuildConfig {
            enabled: row.enabled,
            default_channel: row.default_channel_id.map(ChannelId::from_db),
            template: row.template_id.map(TemplateId),
            mention: Mention::from_db(&row.mention, row.mention_role_id),
            merge_window_seconds: row.merge_window_seconds,
            end_action: row.end_action,
            announce_types: row.announce_types,
            quiet_hours: row.quiet_from.zip(row.quiet_until),
            timezone: row.timezone,
            feed_kinds: Some(row.feed_kinds),
            rules: Some(row.rules.map(|rules| rules.0).unwrap_or_default()),
        };
        (config, row.revision)
    }))
}

/// Saves a configuration made from `revision`; returns the new one, or `None` when somebody else
/// has saved since.
///
/// Destinations in the default channel lose what was found out about another one.
pub async fn update(
    db: impl PgExecutor<'_>,
    guild: GuildId,
    config: &GuildConfig,
    revision: i32,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar(
        "with before as (
           select default_channel_id from guild_config where guild_id = $1 and revision = $2
         ), healed as (
           update destinations d set degraded_reason = null, degraded_at = null, next_check_at = null, failed_checks = 0
           from before
           where d.guild_id = $1 and d.channel_id is null and d.degraded_reason is not null
             and before.default_channel_id is distinct from $4
         )
         update guild_config set enabled = $3, default_channel_id = $4, template_id = $5, mention = $6,
           mention_role_id = $7, merge_window_seconds = $8, end_action = $9, announce_types = $10,
           quiet_from = $11, quiet_until = $12, timezone = $13, feed_kinds = coalesce($14, feed_kinds),
           rules = coalesce($15, rules), revision = revision + 1, updated_at = now()
         where guild_id = $1 and revision = $2
         returning revision",
    )
    .bind(guild.to_db())
    .bind(revision)
    .bind(config.enabled)
    .bind(config.default_channel.map(ChannelId::to_db))
    .bind(config.template.map(|template| template.0))
    .bind(config.mention.kind())
    .bind(config.mention.role().map(RoleId::to_db))
    .bind(config.merge_window_seconds)
    .bind(&config.end_action)
    .bind(&config.announce_types)
    .bind(config.quiet_hours.map(|(from, _)| from))
    .bind(config.quiet_hours.map(|(_, until)| until))
    .bind(&config.timezone)
    .bind(&config.feed_kinds)
    .bind(config.rules.as_ref().map(Json))
    .fetch_optional(db)
    .await
}
