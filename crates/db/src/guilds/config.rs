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
    /// What linked streamers carry while they are live; the outer `None` to save: as it was.
    pub live_role: Option<Option<RoleId>>,
    /// A stream that comes back within this time re-opens its message; 0 turns that off.
    pub merge_window_seconds: i32,
    /// What becomes of a message when the stream ends; see `sm_types::announcement::EndAction`.
    pub end_action: String,
    /// How long it stays with `delete_after`; `None` to save: as it was.
    pub end_delete_minutes: Option<i32>,
    /// How it reads from then on; `None`: as before.
    pub end_template: Option<TemplateId>,
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
    live_role_id: Option<i64>,
    merge_window_seconds: i32,
    end_action: String,
    end_delete_minutes: i32,
    end_template_id: Option<uuid::Uuid>,
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

/// Has a guild's announcements ping roles of the bot's: one that is new, and in which nobody has chosen anything yet.
pub async fn prefer_roles(db: impl PgExecutor<'_>, guild: GuildId) -> sqlx::Result<()> {
    sqlx::query(
        "update guild_config c set mention = 'managed' from guilds g
         where c.guild_id = $1 and g.guild_id = c.guild_id and c.revision = 1 and c.mention = 'none'
           and g.created_at > now() - interval '10 minutes'",
    )
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
        "select enabled, default_channel_id, template_id, mention, mention_role_id, live_role_id, merge_window_seconds,
           end_action, end_delete_minutes, end_template_id, announce_types, quiet_from, quiet_until, timezone, feed_kinds, rules, revision
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
            live_role: Some(row.live_role_id.map(RoleId::from_db)),
            merge_window_seconds: row.merge_window_seconds,
            end_action: row.end_action,
            end_delete_minutes: Some(row.end_delete_minutes),
            end_template: row.end_template_id.map(TemplateId),
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
           rules = coalesce($15, rules), end_delete_minutes = coalesce($16, end_delete_minutes), end_template_id = $17,
           live_role_id = case when $19 then $18 else live_role_id end,
           revision = revision + 1, updated_at = now()
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
    .bind(config.end_delete_minutes)
    .bind(config.end_template.map(|template| template.0))
    .bind(config.live_role.flatten().map(RoleId::to_db))
    .bind(config.live_role.is_some())
    .fetch_optional(db)
    .await
}
