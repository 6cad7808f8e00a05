//! Deletes what has outlived its use, in statements of a few dozen milliseconds for which nobody waits.

use super::step::{Run, Step};
use crate::{App, live};
use sm_aws::Ring;
use sm_db::{
    announce::claim,
    jobs::{
        partitions::{self, PARTITIONED},
        retention::{self, RULES},
    },
};
use sm_types::GuildId;
use time::Duration;

/// A server that the bot has left can come back within this time as it was.
const KEEP_LEFT_GUILDS: Duration = Duration::days(30);
/// Rows of a table per step.
const BATCH: i64 = 1_000;

/// Lets streams into the queue that were left out of it, and those out that have nothing left to deliver.
pub(super) async fn queue(app: &App, _: Run<'_>) -> Step {
    let added = claim::rejoin_queue(&app.pool).await?;
    if added > 0 {
        tracing::info!(added, "took up deliveries that another version had queued");
        app.doorbell.ring_and_wait(Ring::Deliver).await;
    }
    claim::leave_queue(&app.pool).await?;
    Ok(None)
}

/// Ends the presence of those who have fallen silent.
pub(super) async fn presence(app: &App, _: Run<'_>) -> Step {
    live::presence::sweep(app).await?;
    Ok(None)
}

/// Moves a batch of settled deliveries to the history; the cursor is the last one that was looked at.
pub(super) async fn archive(app: &App, run: Run<'_>) -> Step {
    let after = run.cursor.and_then(|id| id.parse().ok());
    let next = partitions::archive(&app.pool, app.clock.now(), after, BATCH).await?;
    Ok(next.map(|id| id.to_string()))
}

/// Makes the partitions of the time to come and drops old ones, table by table.
pub(super) async fn partitions(app: &App, run: Run<'_>) -> Step {
    let at = run.cursor.and_then(|at| at.parse().ok()).unwrap_or(0);
    let Some(table) = PARTITIONED.get(at) else { return Ok(None) };
    let (made, dropped) = table.maintain(&app.pool, app.clock.now()).await?;
    if made + dropped > 0 {
        tracing::info!(table = table.table, made, dropped, "kept the partitions");
    }
    Ok((at + 1 < PARTITIONED.len()).then(|| (at + 1).to_string()))
}

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
