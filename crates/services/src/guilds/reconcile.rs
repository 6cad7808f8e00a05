//! Which servers the bot is in: Discord's list beside ours.

use super::install;
use crate::{App, announce::gate::in_turn};
use sm_types::GuildId;
use std::collections::HashSet;

/// Pages of 200 servers; beyond it something is wrong with the list.
const MAX_PAGES: usize = 5_000;

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReconcileError {
    /// Discord does not answer.
    #[error("Discord: {0}")]
    Discord(#[from] sm_discord::Error),
    /// The list does not come to an end.
    #[error("the list of servers does not come to an end")]
    Endless,
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Marks servers that the bot is not in any more, and takes up those that are new or back.
pub(crate) async fn run(app: &App) -> Result<(), ReconcileError> {
    let mut after = GuildId(0);
    let mut present = Vec::new();
    let known: HashSet<i64> = sm_db::guilds::active(&app.pool).await?.into_iter().collect();
    for _ in 0..MAX_PAGES {
        let page = in_turn(app, app.discord.bot_guilds(after)).await?.body;
        let Some(last) = page.last() else {
            let left = sm_db::guilds::set_absent(&app.pool, &present, app.clock.now()).await?;
            tracing::info!(present = present.len(), left, "compared the servers with Discord");
            return Ok(());
        };
        after = last.id;
        for guild in page {
            present.push(guild.id);
            if !known.contains(&guild.id.to_db()) {
                install::add(app, guild.id, &guild.name, guild.icon.as_deref(), None).await?;
            }
        }
    }
    Err(ReconcileError::Endless)
}
