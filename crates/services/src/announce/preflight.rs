//! Can the bot post in this channel, and if not, what is missing?
//!
//! Asks Discord for guild, channel and the bot's own member, and computes the rest. Discord says
//! "missing permissions" without telling which one; this finds the name.

use crate::App;
use sm_discord::{
    Channel, Error, Reason,
    permissions::{effective_in_channel, missing_to_post},
};
use sm_types::{ChannelId, GuildId, UserId};
use time::OffsetDateTime;

/// What a check has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// The bot can post.
    Good,
    /// It cannot, and this is why; `missing` has Discord's names of permissions.
    Broken { reason: Reason, detail: String, missing: Vec<&'static str> },
    /// The bot is not in the guild.
    NotInGuild,
}

/// Requests of a check: guild, channel or the channel of a thread, member and, once per process, the bot.
pub(crate) const REQUESTS: u32 = 4;

/// Checks one channel; an error means that Discord did not answer.
pub async fn check(app: &App, guild: GuildId, channel: ChannelId) -> Result<Health, Error> {
    let guild_info = match app.discord.get_guild(guild).await {
        Ok(reply) => reply.body,
        Err(error) if matches!(error.code(), Some(10004 | 50001)) => return Ok(Health::NotInGuild),
        Err(error) => return Err(error),
    };
    let channel_info = match app.discord.get_channel(channel).await {
        Ok(reply) => reply.body,
        Err(error) if error.code() == Some(10003) => {
            return Ok(broken(Reason::ChannelDeleted, Vec::new()));
        }
        Err(error) if error.code() == Some(50001) => {
            return Ok(broken(Reason::MissingAccess, vec!["VIEW_CHANNEL"]));
        }
        Err(error) => return Err(error),
    };
    let bot = bot_user(app).await?;
    let member = app.discord.get_member(guild, bot).await?.body;
    // A thread has no overwrites of its own: its channel's count, under the thread's type.
    let place = match channel_info.parent_id.filter(|_| matches!(channel_info.kind, 10..=12)) {
        Some(parent) => {
            Channel { kind: channel_info.kind, ..app.discord.get_channel(parent).await?.body }
        }
        None => channel_info.clone(),
    };
    let granted = effective_in_channel(&guild_info, &place, &member, bot, app.clock.now());
    let missing = missing_to_post(channel_info.kind, granted);
    Ok(if missing.is_empty() { Health::Good } else { broken(Reason::MissingPermission, missing) })
}

fn broken(reason: Reason, missing: Vec<&'static str>) -> Health {
    let detail = match missing.as_slice() {
        [] => reason.explain().to_owned(),
        names => format!("{} Missing: {}.", reason.explain(), names.join(", ")),
    };
    Health::Broken { reason, detail, missing }
}

pub(crate) async fn bot_user(app: &App) -> Result<UserId, Error> {
    let fetch = || async { app.discord.current_user().await.map(|reply| reply.body.id) };
    app.inner().bot_user.get_or_try_init(fetch).await.copied()
}

/// Checks a destination and records what was found; `None` when Discord did not answer.
pub(crate) async fn recheck(
    app: &App,
    destination: sm_types::DestinationId,
    guild: GuildId,
    channel: ChannelId,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Health>> {
    let health = match check(app, guild, channel).await {
        Ok(health) => health,
        Err(error) => {
            tracing::warn!(%error, guild.id = %guild, channel.id = %channel, "the check got no answer");
            return Ok(None);
        }
    };
    let reason = match &health {
        Health::Good => None,
        Health::Broken { reason, .. } => Some(reason.code()),
        Health::NotInGuild => Some(NOT_IN_GUILD),
    };
    sm_db::guilds::set_present(&app.pool, guild, health != Health::NotInGuild, now).await?;
    match reason {
        None => sm_db::streamers::destinations::heal(&app.pool, destination).await?,
        Some(reason) => {
            sm_db::streamers::destinations::degrade(&app.pool, destination, reason, now).await?;
        }
    }
    Ok(Some(health))
}

/// The reason of a destination whose guild the bot has left.
pub(crate) const NOT_IN_GUILD: &str = "not_in_guild";
