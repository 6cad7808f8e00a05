//! Deleting a server with all that belongs to it.

use crate::{
    App, SecurityEvent,
    audit::{self, Action, Actor},
};
use serde_json::json;
use sm_aws::Ring;
use sm_db::{
    jobs::retention::{self, Purged},
    streamers::subscriptions,
};
use sm_types::GuildId;

/// Rows of a kind per transaction.
const BATCH: i64 = 2_000;

/// Deletes a server in batches and calls `progress` with the rows of each; the bot stays where it is.
///
/// An entry in the log says that it was done, and names the server, but nothing of what it held.
pub async fn run(
    app: &App,
    guild: GuildId,
    actor: &Actor,
    mut progress: impl FnMut(i64),
) -> sqlx::Result<Purged> {
    let mut sum = Purged::default();
    // What the server is announced no more must not be in the outbox while its rows are deleted.
    sm_db::guilds::set_present(&app.pool, guild, false, app.clock.now()).await?;
    loop {
        let batch = retention::purge_guild(&app.pool, guild, true, BATCH).await?;
        if batch.rows() == 0 {
            break;
        }
        sum.deliveries += batch.deliveries;
        sum.preferences += batch.preferences;
        sum.audit_entries += batch.audit_entries;
        progress(batch.rows());
    }
    let mut transaction = app.pool.begin().await?;
    // Nobody knows afterwards whom it followed.
    subscriptions::plan_guild(&mut transaction, guild, app.clock.now()).await?;
    sm_db::guilds::delete(&mut *transaction, guild).await?;
    let before = json!({ "deliveries": sum.deliveries, "preferences": sum.preferences });
    let action = Action {
        guild: Some(guild),
        name: "guild.purge",
        target: None,
        before: Some(before),
        after: None,
    };
    audit::done(app, &mut *transaction, actor, action).await?;
    transaction.commit().await?;
    app.doorbell.ring(Ring::Subscribe).await;
    SecurityEvent::AdminAction.record(None, "a server was deleted with all that belonged to it");
    Ok(sum)
}
