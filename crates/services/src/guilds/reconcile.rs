//! Which servers the bot is in: Discord's list beside ours.

use super::install;
use crate::{
    App,
    announce::gate::in_turn,
    jobs::step::{Failure, Run, Step},
};
use sm_db::guilds::Page;
use sm_types::GuildId;

/// Compares a page: marks servers that the bot is not in any more, and takes up those that are new or back.
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
    let compared = Page { after, up_to, present: &present };
    let left = sm_db::guilds::set_absent(&app.pool, &compared, app.clock.now()).await?;
    tracing::info!(present = present.len(), left, "compared a page of servers with Discord");
    let known = sm_db::guilds::active_among(&app.pool, &present).await?;
    for guild in page.iter().filter(|guild| !known.contains(&guild.id)) {
        install::add(app, guild.id, &guild.name, guild.icon.as_deref(), None).await?;
    }
    Ok(up_to.map(|last| last.to_string()))
}
