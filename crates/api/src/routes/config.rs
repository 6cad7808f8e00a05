//! `/api/guilds/{guild_id}/config`: what a server announces, where, and whom it mentions.

use crate::{
    ApiError,
    caller::GuildAdmin,
    error::FieldError,
    extract::{IfMatch, JsonBody, etag},
    rule_views::RuleSetBody,
    views::Mention,
};
use axum::{Json, response::IntoResponse};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use sm_db::guilds::config::{self, GuildConfig};
use sm_services::setup::{self, Problem};
use sm_types::{ChannelId, TemplateId, rules::RuleSet};
use time::Time;
use utoipa::ToSchema;

/// A server's configuration.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigBody {
    /// Whether anything is announced.
    enabled: bool,
    /// Where, unless a streamer says otherwise.
    #[schema(value_type = Option<String>, example = "812345678901234568")]
    default_channel_id: Option<ChannelId>,
    /// How, unless a streamer says otherwise; null: our own template.
    #[schema(value_type = Option<uuid::Uuid>)]
    template_id: Option<TemplateId>,
    /// Whom to mention.
    mention: Mention,
    /// A stream that comes back within so many seconds re-opens its message; 0 turns that off.
    #[schema(minimum = 0, maximum = 86400)]
    merge_window_seconds: i32,
    /// What becomes of a message when the stream ends: `leave`, `edit` or `delete`.
    #[schema(example = "edit")]
    end_action: String,
    /// Types of streams that are announced: `live`, `playlist`, `watch_party`, `premiere`, `rerun`;
    /// each once.
    #[schema(example = json!(["live"]))]
    announce_types: Vec<String>,
    /// When nothing is announced.
    quiet_hours: Option<QuietHours>,
    /// The IANA time zone of the quiet hours, in small or capital letters; no offsets such as `UTC+2`.
    #[schema(example = "Europe/Berlin")]
    timezone: String,
    /// What members may see of the feeds of the server's streamers: any of `online`, `offline`, `update`, `raid`, `follow`,
    /// `subscribe`, `gift`, `cheer`, the last four as far as the streamer lets them. Left out of a save: as it was.
    #[serde(default)]
    #[schema(example = json!(["online", "raid"]))]
    feed_kinds: Option<Vec<String>>,
    /// What else has to hold for an announcement, unless a channel has rules of its own. Left out of a save: as it was.
    #[serde(default)]
    rules: Option<RuleSetBody>,
    /// What the answer to a save has beside the settings: it may come back.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    #[expect(dead_code, reason = "it is let through and says nothing")]
    warnings: IgnoredAny,
}

/// From one time of day until another; past midnight when the end is the earlier.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuietHours {
    /// As in `22:30`.
    #[schema(example = "22:30")]
    from: String,
    /// As in `07:00`.
    #[schema(example = "07:00")]
    until: String,
}

impl From<GuildConfig> for ConfigBody {
    fn from(config: GuildConfig) -> Self {
        let text = setup::config::time_of_day;
        let quiet = config.quiet_hours;
        Self {
            enabled: config.enabled,
            default_channel_id: config.default_channel,
            template_id: config.template,
            mention: config.mention.into(),
            merge_window_seconds: config.merge_window_seconds,
            end_action: config.end_action,
            announce_types: config.announce_types,
            quiet_hours: quiet
                .map(|(from, until)| QuietHours { from: text(from), until: text(until) }),
            timezone: config.timezone,
            feed_kinds: config.feed_kinds,
            rules: config.rules.map(RuleSetBody::from),
            warnings: IgnoredAny,
        }
    }
}

fn time_of_day(field: &str, text: &str) -> Result<Time, ApiError> {
    let read = || {
        let (hour, minute) = text.split_once(':')?;
        let two = |part: &str| (part.len() == 2).then(|| part.parse::<u8>().ok()).flatten();
        Time::from_hms(two(hour)?, two(minute)?, 0).ok()
    };
    let message = "Write a time of day as in 22:30.";
    read().ok_or_else(|| ApiError::Invalid(vec![Problem::new(field, "invalid", message)]))
}

impl ConfigBody {
    pub(crate) fn into_config(self) -> Result<GuildConfig, ApiError> {
        let quiet_hours = match self.quiet_hours {
            None => None,
            Some(hours) => Some((
                time_of_day("quiet_hours.from", &hours.from)?,
                time_of_day("quiet_hours.until", &hours.until)?,
            )),
        };
        Ok(GuildConfig {
            enabled: self.enabled,
            default_channel: self.default_channel_id,
            template: self.template_id,
            mention: self.mention.into(),
            merge_window_seconds: self.merge_window_seconds,
            end_action: self.end_action,
            announce_types: self.announce_types,
            quiet_hours,
            timezone: self.timezone,
            feed_kinds: self.feed_kinds,
            rules: self.rules.map(RuleSet::from),
        })
    }
}

/// A server's configuration; the ETag names its revision.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/config", tag = "config",
    params(("guild_id" = String, Path)), responses((status = 200, body = ConfigBody)))]
pub(crate) async fn get(admin: GuildAdmin) -> Result<impl IntoResponse, ApiError> {
    let found = config::find(&admin.app().pool, admin.guild).await?;
    let (config, revision) = found.ok_or(ApiError::UnknownGuild)?;
    Ok((etag(revision), Json(ConfigBody::from(config))))
}

/// A server's configuration as it was saved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedConfig {
    #[serde(flatten)]
    config: ConfigBody,
    /// What was saved and will not do what it seems to: `mention_unused` (the template's text lacks the mention),
    /// `role_gone` or `not_pinged` (the bot may not ping it in this channel). Empty while Discord does not answer.
    warnings: Vec<FieldError>,
}

/// Saves a server's configuration, made from the revision in `If-Match`.
#[utoipa::path(put, path = "/api/guilds/{guild_id}/config", tag = "config",
    params(("guild_id" = String, Path), ("If-Match" = String, Header, description = "The ETag it was made from.")),
    request_body = ConfigBody, responses((status = 200, body = SavedConfig)))]
pub(crate) async fn put(
    admin: GuildAdmin,
    IfMatch(revision): IfMatch,
    JsonBody(body): JsonBody<ConfigBody>,
) -> Result<impl IntoResponse, ApiError> {
    let config = body.into_config()?;
    let (app, guild) = (admin.app(), admin.guild);
    let saved = setup::config::save(app, guild, config, revision, &admin.actor()).await?;
    let (config, revision) = saved;
    let warnings = setup::warnings::of_config(app, guild, &config).await?;
    let warnings = warnings.into_iter().map(FieldError::from).collect();
    Ok((etag(revision), Json(SavedConfig { config: config.into(), warnings })))
}
