//! The bot joins a server, or is found to have left it.

use super::access::{self, Access};
use crate::{
    App,
    accounts::consent::Refusal,
    announce::gate::in_turn,
    audit::{self, Action, Actor},
    doubts::{self, Absence},
};
use sm_aws::Ring;
use sm_types::{GuildId, UserId};

/// Sets a server up after its install was confirmed by the person who asked for it.
///
/// The bot's own look at the server decides, not what the browser or the consent says.
pub(crate) async fn confirm(app: &App, guild: GuildId, user: UserId) -> Result<(), Refusal> {
    let info = match in_turn(app, app.discord.get_guild(guild)).await {
        Ok(reply) => reply.body,
        Err(error) if matches!(error.code(), Some(10004 | 50001)) => {
            return Err(Refusal::NotInstalled);
        }
        Err(error) => {
            tracing::warn!(%error, guild.id = %guild, "an install could not be confirmed");
            return Err(Refusal::Unavailable);
        }
    };
    add(app, guild, &info.name, info.icon.as_deref(), Some(user)).await?;
    let access = access::check(app, guild, user, None, true).await;
    if access.map_err(|_| Refusal::Unavailable)? != Access::Admin {
        audit::denied(app, Some(guild), Some(user), "bot.install", None).await;
        return Err(Refusal::NotAdmin);
    }
    let actor = Actor { user: Some(user), request_id: String::new() };
    let action =
        Action { guild: Some(guild), name: "bot.install", target: None, before: None, after: None };
    audit::done(app, &app.pool, &actor, action).await?;
    Ok(())
}

/// Lets the bot leave a server on Discord; nothing stored changes.
pub async fn leave(app: &App, guild: GuildId) -> Result<(), sm_discord::Error> {
    in_turn(app, app.discord.leave_guild(guild)).await
}

/// Adds a server with the default configuration, or brings one back as it was.
pub async fn add(
    app: &App,
    guild: GuildId,
    name: &str,
    icon: Option<&str>,
    by: Option<UserId>,
) -> sqlx::Result<()> {
    let mut transaction = app.pool.begin().await?;
    sm_db::guilds::upsert(&mut *transaction, guild, name).await?;
    sm_db::guilds::describe(&mut *transaction, guild, icon, by).await?;
    sm_db::guilds::config::create_default(&mut *transaction, guild).await?;
    sm_db::streamers::subscriptions::plan_guild(&mut transaction, guild, app.clock.now()).await?;
    transaction.commit().await?;
    doubts::clear(app, Absence::GuildLeft, &[&guild.to_string()]).await?;
    app.doorbell.ring(Ring::Subscribe).await;
    Ok(())
}
