//! What was seen of members on the way: whoever left, came back, or lost a role by hand.

use crate::App;
use sm_aws::Ring;
use sm_types::{GuildId, RoleId, TwitchUserId, UserId};

/// Compares the roles that a member was seen with to those that they are to have. It holds nobody up: what fails is
/// found at another time.
pub(crate) async fn member(app: &App, guild: GuildId, user: UserId, roles: &[RoleId]) {
    match sm_db::roles::record::seen(&app.pool, guild, user, roles, app.clock.now()).await {
        Ok(true) => app.doorbell.ring(Ring::Roles).await,
        Ok(false) => {}
        Err(error) => tracing::warn!(%error, "a member's roles could not be compared"),
    }
}

/// A stream has begun or ended: somebody may get a role for it, or lose it. No announcement depends on that.
pub(crate) async fn stream(app: &App, streamer: &TwitchUserId) {
    match sm_db::roles::wishes::plan_live(&app.pool, streamer, app.clock.now()).await {
        Ok(true) => app.doorbell.ring(Ring::Roles).await,
        Ok(false) => {}
        Err(error) => {
            tracing::warn!(%error, streamer.id = %streamer, "roles wait for the minute sweep");
        }
    }
}
