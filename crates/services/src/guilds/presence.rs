//! Whether the bot is in a server: what says that it is not is doubted, and whatever shows it there brings the
//! server back.

use crate::{
    App,
    announce::gate::{Turns, in_turn},
    doubts::{self, Absence, Source, Verdict},
};
use sm_aws::Ring;
use sm_db::{Session, announce::expansion::Candidate, limits, streamers::subscriptions};
use sm_discord::{Error, Guild};
use sm_types::GuildId;

/// A server that the bot is said to have left is asked for so often a minute on behalf of people who open it.
const LOOKS_PER_MINUTE: u32 = 2;

/// A server that the bot has left is looked at so often on behalf of what it would have announced.
const SECONDS_BETWEEN_LOOKS: u32 = 3_600;
/// Such servers looked at for a chunk of an announcement at most: what is sent for certain comes first.
const LOOKS_PER_CHUNK: i64 = 20;

/// Whether a refusal says that the bot is not in the server that was asked for.
pub(crate) fn says_gone(error: &Error) -> bool {
    matches!(error.code(), Some(10004 | 50001))
}

/// Notes that a source does not have the bot in a server; whether that is believed by now. Only then the server
/// counts as left.
pub(crate) async fn seems_gone(app: &App, guild: GuildId, source: Source) -> sqlx::Result<bool> {
    let id = guild.to_string();
    let believed = doubts::doubt(app, Absence::GuildLeft, &id, source).await? == Verdict::Believe;
    if believed {
        sm_db::guilds::set_present(&app.pool, guild, false, app.clock.now()).await?;
        tracing::info!(guild.id = %guild, "the bot has left a server");
    }
    Ok(believed)
}

/// The bot was seen in a server: no doubt is left, and a server that counted as left is as it was before.
pub(crate) async fn is_there(app: &App, guild: GuildId) -> sqlx::Result<()> {
    doubts::clear(app, Absence::GuildLeft, &[&guild.to_string()]).await?;
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    if sm_db::guilds::set_present(&mut *transaction, guild, true, now).await? {
        subscriptions::plan_guild(&mut transaction, guild, now).await?;
        transaction.commit().await?;
        app.doorbell.ring(Ring::Subscribe).await;
        tracing::info!(guild.id = %guild, "the bot is in a server that it had left");
    }
    Ok(())
}

/// A server as Discord has it, asked twice before it is doubted; `None` when it is believed by now that the bot is
/// not in it. While that is in doubt it is Discord's refusal.
///
/// `refused`: who said so before.
pub(crate) async fn guild(
    app: &App,
    guild: GuildId,
    refused: Option<Source>,
) -> Result<Option<Guild>, Error> {
    found(app, guild, refused, Turns::new).await
}

/// The same for somebody at the dashboard.
pub(crate) async fn guild_for_readers(app: &App, guild: GuildId) -> Result<Option<Guild>, Error> {
    found(app, guild, None, Turns::of_readers).await
}

async fn found<'a>(
    app: &'a App,
    guild: GuildId,
    refused: Option<Source>,
    turns: fn(&'a App) -> Turns<'a>,
) -> Result<Option<Guild>, Error> {
    let ask = async || {
        turns(app).next().await?;
        app.discord.get_guild(guild).await
    };
    let mut answer = ask().await;
    if answer.as_ref().is_err_and(says_gone) {
        answer = ask().await;
    }
    let error = match answer {
        Ok(reply) => {
            is_there(app, guild).await.map_err(not_noted)?;
            return Ok(Some(reply.body));
        }
        Err(error) => error,
    };
    if !says_gone(&error) {
        return Err(error);
    }
    if let Some(source) = refused {
        seems_gone(app, guild, source).await.map_err(not_noted)?;
    }
    let gone = seems_gone(app, guild, Source::Lookup).await.map_err(not_noted)?;
    if gone { Ok(None) } else { Err(error) }
}

/// To whoever asks for an answer of Discord's, one that could not be noted is none.
fn not_noted(error: sqlx::Error) -> Error {
    tracing::warn!(%error, "what Discord said of a server could not be noted");
    Error::Unavailable { status: None, sent: true }
}

/// Looks whether the bot is back in a server that counts as left; whether it is.
pub async fn look(app: &App, guild: GuildId) -> sqlx::Result<bool> {
    let key = format!("presence:{guild}");
    if !sm_db::guilds::is_known(&app.pool, guild).await?
        || !limits::spend(&app.pool, &key, LOOKS_PER_MINUTE, 60).await?
    {
        return Ok(false);
    }
    let there = in_turn(app, app.discord.get_guild(guild)).await.is_ok();
    if there {
        is_there(app, guild).await?;
    }
    Ok(there)
}

/// Lets some of the servers that count as left be announced to, since the bot may be back without a word: the
/// delivery [looks](is_back) before it sends anything.
pub(crate) async fn plan_looks(db: &mut Session, found: &mut [Candidate]) -> sqlx::Result<()> {
    let key = |to: &Candidate| format!("presence:announce:{}", to.guild_id);
    let left: Vec<_> = found.iter().filter(|to| !to.present).map(key).collect();
    if left.is_empty() {
        return Ok(());
    }
    let chosen = limits::spend_each(db, &left, SECONDS_BETWEEN_LOOKS, LOOKS_PER_CHUNK).await?;
    for to in found.iter_mut().filter(|to| !to.present) {
        to.present = chosen.contains(&key(to));
    }
    Ok(())
}

/// Whether the bot is in a server that may count as left; `None` when Discord does not tell.
pub(crate) async fn is_back(app: &App, guild: GuildId) -> sqlx::Result<Option<bool>> {
    if sm_db::guilds::is_active(&app.pool, guild).await? {
        return Ok(Some(true));
    }
    match in_turn(app, app.discord.get_guild(guild)).await {
        Ok(_) => is_there(app, guild).await.map(|()| Some(true)),
        Err(error) if says_gone(&error) => Ok(Some(false)),
        Err(_) => Ok(None),
    }
}
