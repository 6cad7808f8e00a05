//! Finds what nobody has told: wishes that an older version has stored, streams that have ended in whatever way.

use crate::{
    App,
    jobs::step::{Failure, Run},
};
use sm_aws::{Ring, metrics::Gauge};
use sm_db::roles::{claim, wishes};
use sm_types::GuildId;

/// Servers per page.
const PAGE: i64 = 500;

/// Plans a comparison for a page of the servers that have such roles.
pub(crate) async fn step(app: &App, run: Run<'_>) -> Result<Option<String>, Failure> {
    let after = run.cursor.map_or(Ok(0), str::parse).map_err(|_| Failure::Nowhere)?;
    let now = app.clock.now();
    let last = wishes::plan_page(&app.pool, GuildId(after), now, PAGE).await?;
    if last.is_some() {
        app.doorbell.ring(Ring::Roles).await;
    }
    Ok(last.map(|guild| guild.to_string()))
}

/// Compares who is live with who carries a role for it, and tells how much waits.
pub(crate) async fn live(app: &App, _: Run<'_>) -> Result<Option<String>, Failure> {
    let now = app.clock.now();
    if wishes::plan_live_drift(&app.pool, now).await? > 0 {
        app.doorbell.ring(Ring::Roles).await;
    }
    let outlook = claim::outlook(&app.pool, now).await?;
    Gauge::RolesWaiting.note(outlook.waiting);
    Gauge::OldestRole.note(outlook.oldest_s.max(0));
    Ok(None)
}
