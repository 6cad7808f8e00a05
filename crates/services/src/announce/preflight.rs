//! Can the bot post in this channel, and if not, what is missing?
//!
//! Asks Discord for guild, channel and the bot's own member, and computes the rest. Discord says
//! "missing permissions" without telling which one; this finds the name.

use crate::{
    App,
    announce::gate::{Turns, in_turn},
};
use sm_discord::{
    Channel, Error, Reason,
    permissions::{Permissions, effective_in_channel, missing_to_post},
};
use sm_types::{ChannelId, DestinationId, GuildId, UserId};
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

/// Checks one channel with up to five requests; an error means that Discord did not answer.
pub async fn check(app: &App, guild: GuildId, channel: ChannelId) -> Result<Health, Error> {
    let (kind, granted) = match granted(app, guild, channel).await? {
        Granted::Here { kind, permissions } => (kind, permissions),
        Granted::Nothing(health) => return Ok(health),
    };
    let missing = missing_to_post(kind, granted);
    Ok(if missing.is_empty() { Health::Good } else { broken(Reason::MissingPermission, missing) })
}

/// Whether the bot is shown the messages of a channel. Without Read Message History Discord lists none, and
/// does not say so.
pub(crate) async fn reads_history(
    app: &App,
    guild: GuildId,
    channel: ChannelId,
) -> Result<bool, Error> {
    Ok(match granted(app, guild, channel).await? {
        Granted::Here { permissions, .. } => {
            permissions.contains(Permissions::READ_MESSAGE_HISTORY)
        }
        Granted::Nothing(_) => false,
    })
}

/// What the bot may do in a channel.
enum Granted {
    Here {
        kind: u8,
        permissions: Permissions,
    },
    /// It cannot even see it.
    Nothing(Health),
}

async fn granted(app: &App, guild: GuildId, channel: ChannelId) -> Result<Granted, Error> {
    let mut turns = Turns::new(app);
    turns.next().await?;
    let guild_info = match app.discord.get_guild(guild).await {
        Ok(reply) => reply.body,
        Err(error) if matches!(error.code(), Some(10004 | 50001)) => {
            return Ok(Granted::Nothing(Health::NotInGuild));
        }
        Err(error) => return Err(error),
    };
    turns.next().await?;
    let channel_info = match app.discord.get_channel(channel).await {
        Ok(reply) => reply.body,
        Err(error) if error.code() == Some(10003) => {
            return Ok(Granted::Nothing(broken(Reason::ChannelDeleted, Vec::new())));
        }
        Err(error) if error.code() == Some(50001) => {
            return Ok(Granted::Nothing(broken(Reason::MissingAccess, vec!["VIEW_CHANNEL"])));
        }
        Err(error) => return Err(error),
    };
    let bot = bot_user(app).await?;
    turns.next().await?;
    let member = app.discord.get_member(guild, bot).await?.body;
    let kind = channel_info.kind;
    // A thread has no overwrites of its own: its channel's count, under the thread's type.
    let place = match channel_info.parent_id.filter(|_| matches!(kind, 10..=12)) {
        Some(parent) => {
            turns.next().await?;
            Channel { kind, ..app.discord.get_channel(parent).await?.body }
        }
        None => channel_info,
    };
    let permissions = effective_in_channel(&guild_info, &place, &member, bot, app.clock.now());
    Ok(Granted::Here { kind, permissions })
}

fn broken(reason: Reason, missing: Vec<&'static str>) -> Health {
    let detail = match missing.as_slice() {
        [] => reason.explain().to_owned(),
        names => format!("{} Missing: {}.", reason.explain(), names.join(", ")),
    };
    Health::Broken { reason, detail, missing }
}

/// The bot's own user; asked of Discord once per process.
pub(crate) async fn bot_user(app: &App) -> Result<UserId, Error> {
    let fetch =
        || async { in_turn(app, app.discord.current_user()).await.map(|reply| reply.body.id) };
    app.inner().bot_user.get_or_try_init(fetch).await.copied()
}

/// Checks a destination and records what was found; `None` when Discord did not answer.
pub(crate) async fn recheck(
    app: &App,
    destination: DestinationId,
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
