//! Deletes what has outlived its use, in statements of a few dozen milliseconds for which nobody waits.

use super::step::{Run, Step};
use crate::App;
use sm_db::jobs::retention::{self, RULES};
use sm_types::GuildId;
use time::Duration;

/// A server that the bot has left can come back within this time as it was.
const KEEP_LEFT_GUILDS: Duration = Duration::days(30);
/// Rows of a table per step.
const BATCH: i64 = 1_000;

/// Applies a rule once; the cursor is its place in [`RULES`].
pub(super) async fn forget(app: &App, run: Run<'_>) -> Step {
    let at = run.cursor.and_then(|at| at.parse().ok()).unwrap_or(0);
    let Some(rule) = RULES.get(at) else { return Ok(None) };
    let gone = rule.apply(&app.pool, app.clock.now(), BATCH).await?;
    let next = if gone < BATCH.unsigned_abs() { at + 1 } else { at };
    Ok((next < RULES.len()).then(|| next.to_string()))
}

/// Deletes a batch of a server that was left long ago, and in the end the server itself.
pub(super) async fn left_guilds(app: &App, _: Run<'_>) -> Step {
    let before = app.clock.now() - KEEP_LEFT_GUILDS;
    let left = sm_db::guilds::left_before(&app.pool, before, 1).await?;
    let Some(guild) = left.first().copied().map(GuildId::from_db) else { return Ok(None) };
    if retention::purge_guild(&app.pool, guild, false, BATCH).await?.rows() == 0 {
        sm_db::guilds::delete(&app.pool, guild).await?;
    }
    Ok(Some(guild.to_string()))
}
