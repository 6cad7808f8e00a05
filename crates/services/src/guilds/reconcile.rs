//! Which servers the bot is in: Discord's list beside ours.

use super::{install, presence};
use crate::{
    App,
    announce::gate::in_turn,
    doubts::{self, Absence, Source},
    jobs::step::{Failure, Run, Step},
};
use sm_db::guilds::Page;
use sm_types::GuildId;

/// Servers that a page lacks and that are asked for themselves.
const LOOKS: usize = 20;

/// Compares a page: takes up servers that are new or back, and doubts those that it lacks.
///
/// Discord lists servers by id, 200 at a time. The cursor is the last id of the page before.
pub(crate) async fn step(app: &App, run: Run<'_>) -> Step {
    let after = GuildId(run.cursor.and_then(|id| id.parse().ok()).unwrap_or(0));
    let page = in_turn(app, app.discord.bot_guilds(after)).await?.body;
    let present: Vec<GuildId> = page.iter().map(|guild| guild.id).collect();
    let up_to = present.iter().max().copied();
    if up_to.is_some_and(|last| last <= after) {
        return Err(Failure::Stuck);
    }
    let expected =
        sm_db::guilds::expected(&app.pool, Page { after, up_to }, app.clock.now()).await?;
    let missing: Vec<GuildId> =
        expected.iter().filter(|guild| !present.contains(guild)).copied().collect();
    // A list of nothing at all says nothing; whether it is so, the servers themselves say.
    let empty = after == GuildId(0) && present.is_empty();
    let left = if empty { 0 } else { miss(app, expected.len(), &missing).await? };
    if empty || doubts::plausible(expected.len(), missing.len()) {
        look_at(app, &missing).await?;
    }
    tracing::info!(present = present.len(), left, "compared a page of servers with Discord");
    let ids: Vec<String> = present.iter().map(ToString::to_string).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    doubts::clear(app, Absence::GuildLeft, &ids).await?;
    let known = sm_db::guilds::active_among(&app.pool, &present).await?;
    for guild in page.iter().filter(|guild| !known.contains(&guild.id)) {
        install::add(app, guild.id, &guild.name, guild.icon.as_deref(), None).await?;
    }
    Ok(up_to.map(|last| last.to_string()))
}

/// What follows from servers that a page lacks; how many count as left by now.
async fn miss(app: &App, expected: usize, missing: &[GuildId]) -> Result<usize, Failure> {
    let ids: Vec<String> = missing.iter().map(ToString::to_string).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let source = Source::GuildList;
    let gone = doubts::missing(app, Absence::GuildLeft, source, expected, &ids).await?;
    for doubt in &gone {
        let Ok(guild) = doubt.subject.parse() else { continue };
        sm_db::guilds::set_present(&app.pool, guild, false, app.clock.now()).await?;
    }
    Ok(gone.len())
}

/// Asks for servers themselves, the first of them.
async fn look_at(app: &App, missing: &[GuildId]) -> Result<(), Failure> {
    for guild in missing.iter().take(LOOKS) {
        match in_turn(app, app.discord.get_guild(*guild)).await {
            Ok(_) => presence::is_there(app, *guild).await?,
            Err(error) if presence::says_gone(&error) => {
                presence::seems_gone(app, *guild, Source::Lookup).await?;
            }
            Err(_) => {}
        }
    }
    Ok(())
}
